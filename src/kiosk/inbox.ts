/**
 * The one queue of the kiosk: everything that happens waits here until the loop takes it. Bounded: what the world can send without
 * end (messages, keys) is refused when it is full, what answers our own effects is always taken.
 */
export interface Inbox<T> {
  /** False when the inbox is full; `isAnswer` items are never refused. */
  put(item: T, isAnswer: boolean): boolean;
  take(): T | undefined;
  readonly length: number;
}

export function createInbox<T>(lengthMax: number): Inbox<T> {
  let items: T[] = [];
  let first = 0;
  return {
    put(item, isAnswer) {
      if (!isAnswer && items.length - first >= lengthMax) return false;
      items.push(item);
      return true;
    },
    take() {
      const item = items[first];
      if (first < items.length) first += 1;
      if (first > 64 && first * 2 > items.length) {
        items = items.slice(first);
        first = 0;
      }
      return item;
    },
    get length() {
      return items.length - first;
    },
  };
}

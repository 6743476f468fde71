/** Limits what a simulator remembers when it runs for weeks: beyond them the oldest entries go. */

/** The newest 2,000 of everything that requests leave behind, which is days of a busy machine. */
export const rememberedMax = 2_000;

/** Stores the value as the newest; if there are then too many, drops the oldest that may go. */
export function remember<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  mayGo: (value: Value) => boolean = () => true,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= rememberedMax) return;
  for (const [oldKey, old] of map) {
    if (oldKey === key || !mayGo(old)) continue;
    map.delete(oldKey);
    return;
  }
}

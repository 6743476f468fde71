/** Goal: what the world sends is bounded, what answers our own effects is not, and nothing changes its order. Method: a small inbox. */
import { expect, it } from "vitest";
import { createInbox } from "../../../src/kiosk/inbox.ts";

it("refuses the world when it is full, and never an answer of our own", () => {
  const inbox = createInbox<number>(2);
  expect([inbox.put(1, false), inbox.put(2, false), inbox.put(3, false), inbox.put(4, true)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(inbox.length).toBe(3);
  expect([inbox.take(), inbox.take(), inbox.take(), inbox.take()]).toEqual([1, 2, 4, undefined]);
  expect(inbox.length).toBe(0);
});

it("counts only what waits: after something was taken there is room again", () => {
  const inbox = createInbox<number>(1);
  inbox.put(1, false);
  inbox.take();
  expect(inbox.put(2, false)).toBe(true);
  expect(inbox.put(3, false)).toBe(false);
});

it("keeps the order through thousands of items, also while it tidies itself", () => {
  const inbox = createInbox<number>(10_000);
  const taken: (number | undefined)[] = [];
  for (let item = 0; item < 5_000; item += 1) {
    inbox.put(item, false);
    if (item % 3 !== 0) taken.push(inbox.take());
  }
  while (inbox.length > 0) taken.push(inbox.take());
  expect(taken).toEqual(Array.from({ length: 5_000 }, (_, item) => item));
});

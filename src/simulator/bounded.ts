/** What a simulator that runs for weeks may remember: of more than that the oldest go. */

/** The newest 2,000 of everything that requests leave behind: days of a busy machine. */
export const rememberedMax = 2_000;

/** Sets the value as the newest; where there are too many then, drops the oldest that may go. */
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

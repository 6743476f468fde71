/** Medians and the like, and how a figure is printed. */

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** "497 (481–530)": the median, and the quarter below and above. */
export function spread(values: readonly number[], digits = 0): string {
  const [middle, low, high] = [median(values), quantile(values, 0.25), quantile(values, 0.75)];
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

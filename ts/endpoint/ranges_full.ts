import { find, type Ranges } from "./ranges.js";

/** Takes from … to out. */
export function removeRange(at: Ranges, from: number, to: number): void {
  let i = find(at, from + 1);
  while (i < at.length && at[i]! < to) {
    const [low, high] = [at[i]!, at[i + 1]!];
    if (low < from && high > to) {
      at.splice(i + 1, 0, from, to);
      return;
    }
    if (low < from) {
      at[i + 1] = from;
      i += 2;
    } else if (high > to) {
      at[i] = to;
      return;
    } else {
      at.splice(i, 2);
    }
  }
}

/** Where the first part of from … to begins that is not there; to: all is. It ends at {@link gapEnd}. */
export function gap(at: Ranges, from: number, to: number): number {
  let i = find(at, from + 1);
  if (i < at.length && at[i]! <= from) {
    from = at[i + 1]!;
    i += 2;
  }
  gapEnd = i < at.length ? Math.min(at[i]!, to) : to;
  return Math.min(from, to);
}

export let gapEnd = 0;

/** Whether from … to would join a range that there is. */
export function touches(at: Ranges, from: number, to: number): boolean {
  const i = find(at, from);
  return i < at.length && at[i]! <= to;
}

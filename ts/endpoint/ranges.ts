// Ranges are whole numbers, or bytes, in ranges that do not touch, ascending: pairs of where a range begins, and of the first
// that is behind it.
export type Ranges = number[];

/** The first place in pairs whose range ends at a number or behind it. */
export function find(at: Ranges, number: number): number {
  let low = 0;
  let high = at.length / 2;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (at[2 * mid + 1]! < number) low = mid + 1;
    else high = mid;
  }
  return 2 * low;
}

/** Adds from … to. */
export function addRange(at: Ranges, from: number, to: number): void {
  const first = find(at, from);
  let i = first;
  for (; i < at.length && at[i]! <= to; i += 2) {
    from = Math.min(from, at[i]!);
    to = Math.max(to, at[i + 1]!);
  }
  if (i === first + 2) {
    at[first] = from; // the usual case: one range grows
    at[first + 1] = to;
  } else {
    at.splice(first, i - first, from, to);
  }
}

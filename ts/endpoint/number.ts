/**
 * Rebuilds a number of which the low bits came, 8 to 32: of all that end in them the nearest to an
 * expected one, never below 0 (SPEC.md, 0).
 */
export function nearest(expected: number, low: number, bits: number): number {
  const span = 2 ** bits;
  const n = expected - (expected % span) + low;
  if (n > expected + span / 2) return n >= span ? n - span : n;
  return n <= expected - span / 2 ? n + span : n;
}

// Sums are of GF(2^8) with the polynomial 0x11D, of which 2 makes all but 0: to multiply is to add what
// 2 is raised to (SPEC.md, 6.9).
const power = new Uint8Array(510);
const log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  power[i] = power[i + 255] = x;
  log[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}

/** Adds c times the first n bytes of what is added to the bytes of a sum, from a place on. */
export function addTimes(sum: Uint8Array, at: number, of: Uint8Array, n: number, c: number): void {
  if (c === 0) return;
  const by = log[c]!;
  for (let i = 0; i < n; i++) {
    const v = of[i]!;
    if (v !== 0) sum[at + i]! ^= power[by + log[v]!]!;
  }
}

/** Divides the first n bytes by c, which is not 0. */
export function divide(sum: Uint8Array, n: number, c: number): void {
  const by = 255 - log[c]!;
  for (let i = 0; i < n; i++) {
    const v = sum[i]!;
    if (v !== 0) sum[i] = power[by + log[v]!]!;
  }
}

/** What the message of an id is multiplied with in a row: y / (row + y), y = 128 + id mod 128. */
export function coefficient(row: number, id: number): number {
  const y = 128 + (id % 128);
  return power[log[y]! + 255 - log[row ^ y]!]!;
}

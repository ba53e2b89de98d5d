/** How many bits a number from 0 to limit takes, for limits below 2^53. */
export function width(limit: number): number {
  return limit < 2 ** 32 ? 32 - Math.clz32(limit) : 64 - Math.clz32(limit / 2 ** 32);
}

/** How many bits a number from 0 to limit takes. */
export function wideWidth(limit: bigint): number {
  const high = Number(limit >> 32n);
  return high > 0 ? 32 + width(high) : width(Number(limit));
}

/** The widths of the four classes of a varint: SPEC.md, 10.2. */
export type Classes = readonly [number, number, number, number];

export const short16: Classes = [4, 8, 11, 16];
export const short32: Classes = [5, 11, 18, 32];
export const short64: Classes = [7, 18, 41, 64];

/** The first class whose width is enough for n bits. */
export function classOf(c: Classes, n: number): 0 | 1 | 2 | 3 {
  return n > c[1] ? (n > c[2] ? 3 : 2) : n > c[0] ? 1 : 0;
}

/** Maps small numbers of either sign to small ones: 0, −1, 1, −2 to 0, 1, 2, 3. */
export function zigzag(v: number): number {
  return v < 0 ? -2 * v - 1 : 2 * v;
}

/** The way back. */
export function zagzig(u: number): number {
  return u % 2 === 0 ? u / 2 : -(u + 1) / 2;
}

/**
 * The number nearest to an expected one of all that end in these bits: SPEC.md, 0. All are whole
 * numbers below 2^53.
 */
export function nearest(expected: number, low: number, bits: number): number {
  const span = 2 ** bits;
  const v = expected - (expected % span) + low;
  if (v > expected + span / 2 && v >= span) return v - span;
  return v <= expected - span / 2 ? v + span : v;
}

/** How many bytes a LEB128 takes. */
export function lengthOf(v: number | bigint): number {
  let n = 1;
  if (typeof v === "bigint") {
    for (; v > 127n; v >>= 7n) n++;
    return n;
  }
  for (; v > 127; v = Math.floor(v / 128)) n++;
  return n;
}

/** How many bytes a packet number takes when a peer has acknowledged another one, -1 if none: SPEC.md, 5. */
export function numberBytes(number: number, acked: number): number {
  const ahead = number - acked;
  return ahead < 0x4000 ? 2 : ahead < 0x400000 ? 3 : 4;
}

/** FNV-1a of 64 bits. */
export function hash(bytes: Uint8Array): bigint {
  let h = 0xcbf29ce484222325n;
  for (const byte of bytes) h = BigInt.asUintN(64, (h ^ BigInt(byte)) * 0x100000001b3n);
  return h;
}

/** The low half of the hash, of a text in UTF-8 or of bytes. No higher bit of a product gets into it. */
export function shortHash(of: string | Uint8Array): number {
  let h = 0x84222325;
  for (const byte of typeof of === "string" ? new TextEncoder().encode(of) : of) {
    h = Math.imul(h ^ byte, 0x1b3);
  }
  return h >>> 0;
}

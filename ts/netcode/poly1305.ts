import { word } from "./chacha20.js";

// A number of 130 bits has six limbs of 22 bits: products of two limbs, six of them, times 20, stay below
// 2^53, so they are exact. All stand in arrays of float64: what they are worth is in no branch and no address.
const base = 2 ** 22;
const mask = base - 1;
const h = new Float64Array(6); // the accumulator
const r = new Float64Array(11); // of the key, from 5 on; before them all but the first, times 20
const pad = new Uint8Array(16);
const last = new Uint8Array(16);

/** Adds sixteen bytes to the limbs of a number, and what stands above them to the highest. */
function add(to: Float64Array, at: number, b: Uint8Array, i: number, top: number): void {
  for (let n = 0; n < 6; n++) {
    const from = n < 5 ? (22 * n) >> 3 : 12; // the last four bytes have all of the last limb
    to[at + n]! += (word(b, i + from) >>> (22 * n - 8 * from)) & mask;
  }
  to[at + 5]! += top;
}

/** Begins with a key of 32 bytes (RFC 8439, 2.5). */
export function beginTag(key: Uint8Array): void {
  for (let i = 0; i < 16; i++) {
    last[i] = key[i]!;
    pad[i] = key[16 + i]!;
  }
  for (let i = 3; i < 16; i += 4) last[i]! &= 15;
  for (let i = 4; i < 16; i += 4) last[i]! &= 252;
  h.fill(0);
  r.fill(0);
  add(r, 5, last, 0, 0);
  for (let i = 0; i < 5; i++) r[i] = 20 * r[6 + i]!;
}

/** Multiplies the accumulator by the key, modulo 2^130 − 5, of which 2^132 is 20. */
function multiply(): void {
  const h0 = h[0]!;
  const h1 = h[1]!;
  const h2 = h[2]!;
  const h3 = h[3]!;
  const h4 = h[4]!;
  const h5 = h[5]!;
  let carry = 0;
  for (let i = 0; i < 6; i++) {
    const v =
      carry +
      h0 * r[i + 5]! +
      h1 * r[i + 4]! +
      h2 * r[i + 3]! +
      h3 * r[i + 2]! +
      h4 * r[i + 1]! +
      h5 * r[i]!;
    carry = Math.floor(v / base);
    h[i] = v - carry * base;
  }
  h[0]! += 20 * carry;
  carry = Math.floor(h[0]! / base);
  h[0]! -= carry * base;
  h[1]! += carry;
}

/** Takes bytes, and zeros behind them until they are whole blocks, as RFC 8439, 2.8, pads them. */
export function addToTag(b: Uint8Array, at: number, end: number): void {
  for (; at + 16 <= end; at += 16) {
    add(h, 0, b, at, 2 ** 18);
    multiply();
  }
  if (at === end) return;
  last.fill(0);
  for (let i = 0; at < end; i++) last[i] = b[at++]!;
  add(h, 0, last, 0, 2 ** 18);
  multiply();
}

/** Adds a small number, has every limb in its range, and returns what is beyond 2^130. */
function settle(carry: number): number {
  for (let i = 0; i < 6; i++) {
    const size = i < 5 ? base : 2 ** 20;
    const v = h[i]! + carry;
    carry = Math.floor(v / size);
    h[i] = v - carry * size;
  }
  return carry;
}

/** Writes the tag, sixteen bytes. */
export function writeTag(b: Uint8Array, at: number): void {
  settle(5 * settle(5 * settle(0)));
  // If 5 more are beyond 2^130 it was the prime or above, and is right now; else they go again.
  settle(5 * settle(5) - 5);
  let limbs = 0; // what is left of those taken
  let carry = 0;
  for (let i = 0, taken = 0, bits = 0; i < 16; i++, bits -= 8) {
    if (bits < 8) {
      limbs |= h[taken++]! << bits;
      bits += 22;
    }
    carry += (limbs & 255) + pad[i]!;
    b[at + i] = carry;
    carry >>>= 8;
    limbs >>>= 8;
  }
}

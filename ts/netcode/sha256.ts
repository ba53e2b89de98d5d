import { join } from "./bytes.js";

const rounds = new Uint32Array(64);
const start = new Uint32Array(8);

// FIPS 180-4, 4.2.2 and 5.3.3: the first 32 bits of the fractions of the cube and square roots of the
// first primes. 35 bits of a double are far from its rounding.
for (let p = 2, n = 0; n < 64; p++) {
  let prime = true;
  for (let d = 2; d * d <= p; d++) prime &&= p % d !== 0;
  if (!prime) continue;
  rounds[n] = (Math.cbrt(p) % 1) * 2 ** 32;
  if (n < 8) start[n] = (Math.sqrt(p) % 1) * 2 ** 32;
  n++;
}

const w = new Uint32Array(64);
const state = new Int32Array(8); // of the rounds: a to h stand one place further on in each

const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/** Takes a block into a sum (FIPS 180-4, 6.2.2). */
function compress(h: Int32Array, block: DataView, at: number): void {
  state.set(h);
  for (let i = 0; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w[i] =
      i < 16
        ? block.getUint32(at + 4 * i)
        : w[i - 16]! +
          (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) +
          w[i - 7]! +
          (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    const a = state[-i & 7]!;
    const b = state[(1 - i) & 7]!;
    const c = state[(2 - i) & 7]!;
    const e = state[(4 - i) & 7]!;
    const f = state[(5 - i) & 7]!;
    const g = state[(6 - i) & 7]!;
    const t =
      state[(7 - i) & 7]! +
      (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
      ((e & f) ^ (~e & g)) +
      rounds[i]! +
      w[i]!;
    const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    state[(3 - i) & 7]! += t;
    state[(7 - i) & 7] = t + u;
  }
  for (let i = 0; i < 8; i++) h[i]! += state[i]!;
}

/** The SHA-256 (FIPS 180-4) of parts that follow one another. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const message = join(...parts);
  const { length } = message;
  const padded = new Uint8Array((length + 72) & ~63);
  padded.set(message);
  padded[length] = 0x80;
  const blocks = new DataView(padded.buffer);
  blocks.setUint32(padded.length - 4, length << 3);
  const h = new Int32Array(start);
  for (let at = 0; at < padded.length; at += 64) compress(h, blocks, at);
  for (const secret of [w, message, padded]) secret.fill(0);
  h.forEach((v, i) => blocks.setInt32(4 * i, v));
  return padded.slice(0, 32);
}

/** HMAC-SHA256 (RFC 2104) with a key of at most 64 bytes, of parts that follow one another. It is also the Extract of HKDF (RFC 5869). */
export function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const padded = (by: number) => {
    const block = new Uint8Array(64).fill(by);
    key.forEach((v, i) => (block[i]! ^= v));
    return block;
  };
  return sha256(padded(0x5c), sha256(padded(0x36), ...parts));
}

/** The Expand of HKDF (RFC 5869), to 32 bytes. */
export const expand = (key: Uint8Array, ...info: Uint8Array[]) =>
  hmac(key, ...info, Uint8Array.of(1));

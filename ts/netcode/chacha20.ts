const x = new Int32Array(16); // what the rounds come to
const stream = new Uint8Array(64);

const turn = (v: number, n: number) => (v << n) | (v >>> (32 - n));

/** Four bytes as a number, little-endian. */
export const word = (b: Uint8Array, at: number) =>
  b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);

/** Writes a number as four bytes, little-endian. */
export function putWord(b: Uint8Array, at: number, v: number): void {
  b[at] = v;
  b[at + 1] = v >>> 8;
  b[at + 2] = v >>> 16;
  b[at + 3] = v >>> 24;
}

/** The state of a key: constants, the key, and room for a counter and a nonce (RFC 8439, 2.3). */
export function stateOf(key: Uint8Array): Int32Array {
  const state = new Int32Array(16);
  state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) state[4 + i] = word(key, 4 * i);
  return state;
}

/**
 * Does the twenty rounds of a state, into x. They have local variables, which stay in registers, where an array
 * would be read and written in each step.
 */
// prettier-ignore
function rounds(s: Int32Array): void {
  let x0 = s[0]!, x1 = s[1]!, x2 = s[2]!, x3 = s[3]!;
  let x4 = s[4]!, x5 = s[5]!, x6 = s[6]!, x7 = s[7]!;
  let x8 = s[8]!, x9 = s[9]!, x10 = s[10]!, x11 = s[11]!;
  let t: number, x12 = s[12]!, x13 = s[13]!, x14 = s[14]!, x15 = s[15]!;
  for (let i = 0; i < 20; i++) {
    x0 = (x0 + x4) | 0; x12 = turn(x12 ^ x0, 16);
    x8 = (x8 + x12) | 0; x4 = turn(x4 ^ x8, 12);
    x0 = (x0 + x4) | 0; x12 = turn(x12 ^ x0, 8);
    x8 = (x8 + x12) | 0; x4 = turn(x4 ^ x8, 7);
    x1 = (x1 + x5) | 0; x13 = turn(x13 ^ x1, 16);
    x9 = (x9 + x13) | 0; x5 = turn(x5 ^ x9, 12);
    x1 = (x1 + x5) | 0; x13 = turn(x13 ^ x1, 8);
    x9 = (x9 + x13) | 0; x5 = turn(x5 ^ x9, 7);
    x2 = (x2 + x6) | 0; x14 = turn(x14 ^ x2, 16);
    x10 = (x10 + x14) | 0; x6 = turn(x6 ^ x10, 12);
    x2 = (x2 + x6) | 0; x14 = turn(x14 ^ x2, 8);
    x10 = (x10 + x14) | 0; x6 = turn(x6 ^ x10, 7);
    x3 = (x3 + x7) | 0; x15 = turn(x15 ^ x3, 16);
    x11 = (x11 + x15) | 0; x7 = turn(x7 ^ x11, 12);
    x3 = (x3 + x7) | 0; x15 = turn(x15 ^ x3, 8);
    x11 = (x11 + x15) | 0; x7 = turn(x7 ^ x11, 7);
    // The mirrored diagonals are columns now, and at the second time the columns are again.
    t = x1; x1 = x3; x3 = t;
    t = x4; x4 = x5; x5 = t;
    t = x6; x6 = x7; x7 = t;
    t = x8; x8 = x10; x10 = t;
    t = x12; x12 = x15; x15 = t;
    t = x13; x13 = x14; x14 = t;
  }
  x[0] = x0; x[1] = x1; x[2] = x2; x[3] = x3;
  x[4] = x4; x[5] = x5; x[6] = x6; x[7] = x7;
  x[8] = x8; x[9] = x9; x[10] = x10; x[11] = x11;
  x[12] = x12; x[13] = x13; x[14] = x14; x[15] = x15;
}

/** The key of which, and of the last eight bytes of a nonce, XChaCha20 is ChaCha20. Nonce: the first sixteen. */
export function hchacha(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = stateOf(key);
  for (let i = 0; i < 4; i++) state[12 + i] = word(nonce, 4 * i);
  rounds(state);
  const out = new Uint8Array(32);
  for (let i = 0; i < 8; i++) putWord(out, 4 * i, x[i < 4 ? i : 8 + i]!);
  return out;
}

/** Makes the next 64 bytes of the key stream of a state. */
export function block(state: Int32Array): Uint8Array {
  rounds(state);
  for (let i = 0; i < 16; i++) putWord(stream, 4 * i, x[i]! + state[i]!);
  state[12]!++;
  return stream;
}

/** Encrypts or decrypts bytes in place. */
export function xor(state: Int32Array, b: Uint8Array, at: number, end: number): void {
  for (; at < end; at += 64) {
    block(state);
    const n = Math.min(64, end - at);
    for (let i = 0; i < n; i++) b[at + i]! ^= stream[i]!;
  }
}

const x = new Int32Array(16); // what the rounds come to
const stream = new Uint8Array(64);

const turn = (v: number, n: number) => (v << n) | (v >>> (32 - n));

/** Four bytes as a number, little-endian. */
export const word = (b: Uint8Array, at: number) =>
  b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);

/** Writes a number as four bytes, little-endian. */
function putWord(b: Uint8Array, at: number, v: number): void {
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
 * Does the twenty rounds of a state, in x: 80 quarter rounds (RFC 8439, 2.1), four of columns and four of diagonals in turn. Written
 * out, with a variable for each word, they would be faster and take more than twice the room in a page.
 */
function rounds(s: Int32Array): void {
  x.set(s);
  for (let i = 0; i < 80; i++) {
    const d = (i >> 2) & 1; // 1: of diagonals
    const at1 = 4 | ((i + d) & 3);
    const at2 = 8 | ((i + 2 * d) & 3);
    const at3 = 12 | ((i + 3 * d) & 3);
    let a = x[i & 3]!;
    let b = x[at1]!;
    let c = x[at2]!;
    let e = x[at3]!;
    a = (a + b) | 0;
    e = turn(e ^ a, 16);
    c = (c + e) | 0;
    b = turn(b ^ c, 12);
    a = (a + b) | 0;
    e = turn(e ^ a, 8);
    c = (c + e) | 0;
    b = turn(b ^ c, 7);
    x[i & 3] = a;
    x[at1] = b;
    x[at2] = c;
    x[at3] = e;
  }
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

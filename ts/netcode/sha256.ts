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
const block = new Uint8Array(64);
const view = new DataView(block.buffer);

const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n));

function compress(h: Uint32Array): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w[i] =
      w[i - 16]! +
      (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) +
      w[i - 7]! +
      (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, k] = h as unknown as number[] & { length: 8 };
  for (let i = 0; i < 64; i++) {
    const t =
      (k! +
        (turn(e!, 6) ^ turn(e!, 11) ^ turn(e!, 25)) +
        ((e! & f!) ^ (~e! & g!)) +
        rounds[i]! +
        w[i]!) |
      0;
    const u =
      ((turn(a!, 2) ^ turn(a!, 13) ^ turn(a!, 22)) + ((a! & b!) ^ (a! & c!) ^ (b! & c!))) | 0;
    k = g;
    g = f;
    f = e;
    e = (d! + t) | 0;
    d = c;
    c = b;
    b = a;
    a = (t + u) | 0;
  }
  [a, b, c, d, e, f, g, k].forEach((v, i) => (h[i]! += v!));
}

/** The SHA-256 (FIPS 180-4) of parts that follow one another. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const h = start.slice();
  let length = 0;
  for (const part of parts) {
    for (const byte of part) {
      block[length++ & 63] = byte;
      if ((length & 63) === 0) compress(h);
    }
  }
  let at = length & 63;
  block[at++] = 0x80;
  if (at > 56) {
    block.fill(0, at);
    compress(h);
    at = 0;
  }
  block.fill(0, at);
  view.setUint32(56, length / 2 ** 29);
  view.setUint32(60, length << 3);
  compress(h);
  block.fill(0);
  w.fill(0);
  const sum = new Uint8Array(32);
  const out = new DataView(sum.buffer);
  h.forEach((v, i) => out.setUint32(4 * i, v));
  return sum;
}

/** HMAC-SHA256 (RFC 2104) of parts that follow one another. */
export function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  (key.length > 64 ? sha256(key) : key).forEach((v, i) => {
    inner[i]! ^= v;
    outer[i]! ^= v;
  });
  return sha256(outer, sha256(inner, ...parts));
}

/** The Extract of HKDF (RFC 5869), with a salt of text or of bytes. */
export const extract = (salt: Uint8Array, ...secret: Uint8Array[]) => hmac(salt, ...secret);

/** The Expand of HKDF (RFC 5869), to at most 32 bytes. */
export function expand(key: Uint8Array, length: number, ...info: Uint8Array[]): Uint8Array {
  return hmac(key, ...info, Uint8Array.of(1)).subarray(0, length);
}

const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const cut = (v: bigint): bigint => BigInt.asUintN(64, v);
const turn = (v: bigint, n: bigint): bigint => cut(v << n) | (v >> (64n - n));
const round = (acc: bigint, lane: bigint): bigint =>
  cut(turn(cut(acc + lane * prime2), 31n) * prime1);

/** The low half of XXH64 of bytes, with the seed 0: the checksum of a frame (RFC 8878, 3.1.1). */
export function checksum(b: Uint8Array): number {
  const view = new DataView(b.buffer, b.byteOffset, b.length);
  let at = 0;
  let h = prime5;
  if (b.length >= 32) {
    const acc = [cut(prime1 + prime2), prime2, 0n, cut(-prime1)];
    for (; at + 32 <= b.length; at += 32) {
      for (let i = 0; i < 4; i++) acc[i] = round(acc[i]!, view.getBigUint64(at + 8 * i, true));
    }
    h = acc.reduce((sum, v, i) => cut(sum + turn(v, [1n, 7n, 12n, 18n][i]!)), 0n);
    for (const v of acc) h = cut((h ^ round(0n, v)) * prime1 + prime4);
  }
  h = cut(h + BigInt(b.length));
  for (; at + 8 <= b.length; at += 8) {
    h = cut(turn(h ^ round(0n, view.getBigUint64(at, true)), 27n) * prime1 + prime4);
  }
  if (at + 4 <= b.length) {
    h = cut(turn(h ^ cut(BigInt(view.getUint32(at, true)) * prime1), 23n) * prime2 + prime3);
    at += 4;
  }
  for (; at < b.length; at++) h = cut(turn(h ^ cut(BigInt(b[at]!) * prime5), 11n) * prime1);
  h = cut((h ^ (h >> 33n)) * prime2);
  h = cut((h ^ (h >> 29n)) * prime3);
  return Number((h ^ (h >> 32n)) & 0xffffffffn);
}

import { type Reader } from "./reader.js";

/** Reads a LEB128 of which each bit counts: a bigint from 2^53 on. */
export function exactOf(r: Reader): number | bigint {
  const start = r.at;
  const v = r.v();
  if (v < 2 ** 53) return v;
  let big = 0n;
  for (let i = r.at - 1; i >= start; i--) big = (big << 7n) | BigInt(r.bytes[i]! & 127);
  return big;
}

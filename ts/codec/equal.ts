// What equal and same of a message call: values that are equal, and values that are written as the same
// bits.

import { angle, clamp, half, lastCode, quantize } from "./float.js";
import { quat, unit, type Rotation, type Vector } from "./direction.js";
import { type Bits } from "./bits.js";
import { type AddrPort } from "./values.js";
import { Writer } from "./writer.js";

/** Reports whether two floats of 32 bits have the same bits: NaN is the same as itself, and -0 is not 0. */
export function sameFloat32(a: number, b: number): boolean {
  return Object.is(Math.fround(a), Math.fround(b));
}

/** Reports whether two doubles have the same bits. */
export function sameFloat64(a: number, b: number): boolean {
  return Object.is(a, b);
}

/** Reports whether two slices have the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** Reports whether two addresses and their ports are the same. */
export function equalAddrPorts(a: Readonly<AddrPort>, b: Readonly<AddrPort>): boolean {
  return equalBytes(a.addr, b.addr) && a.port === b.port;
}

/** Reports whether two arrays have the same elements; without same, ones that === each other. */
export function equalArrays<T>(
  a: readonly T[],
  b: readonly T[],
  same: (x: T, y: T) => boolean = identical,
): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!same(a[i]!, b[i]!)) return false;
  }
  return true;
}

/** Reports whether two maps have the same entries. */
export function equalMaps<K, V>(
  a: ReadonlyMap<K, V>,
  b: ReadonlyMap<K, V>,
  same: (x: V, y: V) => boolean = identical,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}

/** Reports whether two values that may be missing are both missing, or the same. */
export function equalOptional<T>(
  a: T | null,
  b: T | null,
  same: (x: T, y: T) => boolean = identical,
): boolean {
  return a === null || b === null ? a === b : same(a, b);
}

function identical(x: unknown, y: unknown): boolean {
  return x === y;
}

/** Reports whether two floats of a range have the same code. */
export function sameQuantized(a: number, b: number, lo: number, step: number): boolean {
  return a === b || quantize(a, lo, 1 / step) === quantize(b, lo, 1 / step);
}

/** Reports whether two floats of a range, brought into it, have the same code. */
export function sameClamped(a: number, b: number, lo: number, hi: number, step: number): boolean {
  const last = lastCode(lo, hi, step);
  return a === b || clamp(a, lo, 1 / step, last) === clamp(b, lo, 1 / step, last);
}

/** Reports whether two half floats have the same bits. */
export function sameHalf(a: number, b: number): boolean {
  return half(a) === half(b);
}

/** Reports whether two angles have the same code. */
export function sameAngle(a: number, b: number, bits: number): boolean {
  return a === b || angle(a, bits) === angle(b, bits);
}

/** Reports whether two durations are as many units above lo. */
export function sameDuration(a: number, b: number, lo: number, unit: number): boolean {
  return a === b || Math.floor((a - lo) / unit) === Math.floor((b - lo) / unit);
}

/** Reports whether two durations are as many units above lo. */
export function sameDurationWide(a: bigint, b: bigint, lo: bigint, unit: bigint): boolean {
  return a === b || (a - lo) / unit === (b - lo) / unit;
}

// What the first of two values was written as.
const first = /* @__PURE__ */ new Float64Array(4);

/** Reports whether two directions have the same codes. */
export function sameUnit(
  a: Readonly<Vector>,
  b: Readonly<Vector>,
  bits: number,
  float: 32 | 64,
): boolean {
  const x = unit(a, bits, float);
  if (x === undefined) return unit(b, bits, float) === undefined;
  first.set(x);
  const y = unit(b, bits, float);
  return y !== undefined && first[0] === y[0] && first[1] === y[1];
}

/** Reports whether two rotations have the same codes. */
export function sameQuat(
  a: Readonly<Rotation>,
  b: Readonly<Rotation>,
  bits: number,
  float: 32 | 64,
): boolean {
  const x = quat(a, bits, float);
  if (x === undefined) return quat(b, bits, float) === undefined;
  first.set(x);
  const y = quat(b, bits, float);
  return y !== undefined && first.every((code, i) => code === y[i]);
}

/** Reports whether two values of a type that writes its own bits are written as the same, in a version. */
export function sameBits<T>(type: Bits<T>, a: T, b: T, version: number): boolean {
  const [x, y] = [a, b].map((m) => {
    const w = new Writer();
    w.version = version;
    type.appendBits(w, m);
    const bits = w.at;
    return { bits, bytes: w.finish() };
  });
  return x!.bits === y!.bits && equalBytes(x!.bytes, y!.bytes);
}

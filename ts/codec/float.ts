// Floats as codes, as SPEC.md, 10.3 has them. All is computed in doubles, each operation rounded before
// the next, as JavaScript does by itself: so the codes are those of Go, to the bit.

/** The code of a number that has none: NaN, or too far below or above the range. */
export const Outside = Infinity;

/**
 * The code of v in a range that begins at lo, with so many steps to one. A code above the range's last
 * says, as {@link Outside} does, that v is out of range.
 */
export function quantize(v: number, lo: number, perOne: number): number {
  const x = (v - lo) * perOne + 0.5;
  return x >= 0 && x < 2 ** 53 ? Math.floor(x) : Outside;
}

/** The nearest code of 0 to last; NaN is 0. */
export function clamp(v: number, lo: number, perOne: number, last: number): number {
  const x = (v - lo) * perOne + 0.5;
  return x >= last ? last : x >= 0 ? Math.floor(x) : 0;
}

/** The number of a code. */
export function dequantize(code: number, lo: number, step: number): number {
  return lo + code * step;
}

/** The last code of a range: codes go from 0. */
export function lastCode(lo: number, hi: number, step: number): number {
  return Math.floor((hi - lo) / step + 0.5);
}

// One number, looked at as a float and as its bits.
const double = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** The 32 bits of a float. Which NaN it is JavaScript does not say: it is that of Go. */
export function float32Bits(v: number): number {
  double.setFloat32(0, v);
  return Number.isNaN(v) ? 0x7fc00000 : double.getUint32(0);
}

/** The float of 32 bits. */
export function float32From(bits: number): number {
  double.setUint32(0, bits);
  return double.getFloat32(0);
}

/** The lower and the upper 32 bits of a double, NaN being that of Go; and the double of them. */
export const float64 = {
  low(v: number): number {
    double.setFloat64(0, v, true);
    return Number.isNaN(v) ? 1 : double.getUint32(0, true);
  },
  high(v: number): number {
    double.setFloat64(0, v, true);
    return Number.isNaN(v) ? 0x7ff80000 : double.getUint32(4, true);
  },
  from(low: number, high: number): number {
    double.setUint32(0, low, true);
    double.setUint32(4, high, true);
    return double.getFloat64(0, true);
  },
};

/**
 * The IEEE 754 binary16 nearest to v, ties to even. What is too large becomes infinity; any NaN becomes
 * 0x7e00.
 */
export function half(v: number): number {
  const bits = float32Bits(v);
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > 0x7f800000) return 0x7e00;
  if (size >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  if (size < 0x38800000) {
    // below 2^-14: the last bit of the sum is 2^-24, as that of a subnormal is
    return sign | (float32Bits(float32From(size) + 0.5) - 0x3f000000);
  }
  const n = size - 0x38800000;
  return sign | (((n + 0xfff + ((n >>> 13) & 1)) >>> 13) + 0x400);
}

/** The number that a binary16 stands for. */
export function fromHalf(h: number): number {
  const sign = (h & 0x8000) << 16;
  const size = h & 0x7fff;
  if (size > 0x7c00) return NaN;
  if (size === 0x7c00) return float32From(sign | 0x7f800000);
  if (size < 0x400) return float32From(sign | float32Bits(size / 2 ** 24));
  return float32From(sign | (((size - 0x400) << 13) + 0x38800000));
}

const perTurn = 0.15915494309189535; // one by two pi

/**
 * The code of an angle in radians, of any number of turns, in so many bits (1 to 32): the turn is cut
 * into 2^bits parts. It is {@link Outside} for NaN and infinities.
 */
export function angle(a: number, bits: number): number {
  const parts = 2 ** bits;
  let t = a * perTurn;
  t -= Math.floor(t);
  return t >= 0 && t <= 1 ? Math.floor(t * parts + 0.5) % parts : Outside;
}

/** The angle of a code, from −π to below π. */
export function fromAngle(code: number, bits: number): number {
  const parts = 2 ** bits;
  const signed = code >= parts / 2 ? code - parts : code;
  return signed * ((2 * Math.PI) / parts);
}

import { FieldError, type Reason } from "./error.js";
import { angle, clamp, float32Bits, float64, half, lastCode, quantize } from "./float.js";
import { quat, unit, type Rotation, type Vector } from "./direction.js";
import {
  classOf,
  short16,
  short32,
  short64,
  wideWidth,
  width,
  zigzag,
  type Classes,
} from "./number.js";
import { compareText, encodeText, isBroken, scratchOf } from "./text.js";
import { type AddrPort } from "./values.js";

/**
 * A Writer makes the bits of a message, low bit first:
 *
 *     start ─▶ bits, string, … ─▶ finish
 *
 * What cannot be written is a {@link FieldError}, thrown at once. A Writer that is used again allocates
 * nothing but what {@link finish} hands out.
 */
export class Writer {
  /** The schema version that generated code writes; by default the newest that it knows. start leaves it. */
  version = Infinity;

  private memory: Uint8Array;
  private view: DataView;
  private used = 0; // bytes that are in memory
  private word = 0; // the bits behind them
  private fill = 0; // how many those are, below 32

  /** @param room for how many bytes there is memory at first */
  constructor(room = 64) {
    this.memory = new Uint8Array(Math.max(room, 4));
    this.view = new DataView(this.memory.buffer);
  }

  /** Begins a message. */
  start(): void {
    this.used = this.word = this.fill = 0;
  }

  /** The message, its last byte filled with zeros: a part of the writer's memory, good until the next start. */
  finish(): Uint8Array {
    this.flush();
    if (this.fill > 0) {
      this.memory[this.used++] = this.word;
      this.word = this.fill = 0;
    }
    return this.memory.subarray(0, this.used);
  }

  /** How many bits there are so far. */
  get at(): number {
    return 8 * this.used + this.fill;
  }

  /** Takes back all from a bit on: what {@link at} was before. */
  rewind(at: number): void {
    this.grow(4);
    this.view.setUint32(this.used, this.word, true);
    this.used = at >>> 3;
    this.fill = at & 7;
    this.word = this.memory[this.used]! & ((1 << this.fill) - 1);
  }

  /** Throws a {@link FieldError}. */
  fail(field: string, reason: Reason, value?: unknown, want = ""): never {
    throw new FieldError(field, reason, value, want);
  }

  /** Writes n bits of a whole number, at most 53; it has no others. */
  bits(v: number, n: number): void {
    if (n > 32) {
      this.short(v >>> 0, 32);
      v = Math.floor(v / 2 ** 32);
      n -= 32;
    }
    this.short(v, n);
  }

  /** Writes n bits of a whole number, at most 64. */
  wide(v: bigint, n: number): void {
    if (n > 32) {
      this.short(Number(v & 0xffffffffn), 32);
      v >>= 32n;
      n -= 32;
    }
    this.short(Number(v), n);
  }

  /** Writes at most 32 bits. */
  private short(v: number, n: number): void {
    const fill = this.fill;
    this.word |= v << fill;
    if (fill + n < 32) {
      this.fill = fill + n;
      return;
    }
    this.grow(4);
    this.view.setUint32(this.used, this.word, true);
    this.used += 4;
    this.fill = fill + n - 32;
    this.word = fill === 0 ? 0 : v >>> (32 - fill); // what did not fit
  }

  /** Makes room for so many bytes. */
  private grow(bytes: number): void {
    if (this.used + bytes <= this.memory.length) return;
    const larger = new Uint8Array(2 * (this.used + bytes));
    larger.set(this.memory);
    this.memory = larger;
    this.view = new DataView(larger.buffer);
  }

  /** Moves the whole bytes of the word into memory. */
  private flush(): void {
    this.grow(4);
    for (; this.fill >= 8; this.fill -= 8) {
      this.memory[this.used++] = this.word;
      this.word >>>= 8;
    }
  }

  /** Writes the first n bytes of some, without their length. */
  private raw(bytes: Uint8Array, n: number): void {
    if (this.fill % 8 === 0) {
      this.flush();
      this.grow(n);
      for (let i = 0; i < n; i++) this.memory[this.used + i] = bytes[i]!;
      this.used += n;
      return;
    }
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      this.short(word, 32);
    }
    for (; i < n; i++) this.short(bytes[i]!, 8);
  }

  bool(v: boolean): void {
    this.short(v ? 1 : 0, 1);
  }

  /** Writes a bit, and returns what it says. */
  flag(v: boolean): boolean {
    this.short(v ? 1 : 0, 1);
    return v;
  }

  /** Writes a uint8 as it is. */
  uint8(field: string, v: number): void {
    this.whole(field, v, 0, 0xff);
    this.short(v, 8);
  }

  /** Writes an int8 as it is. */
  int8(field: string, v: number): void {
    this.whole(field, v, -0x80, 0x7f);
    this.short(v & 0xff, 8);
  }

  /** Writes an integer of the range lo..hi, which is less than 2^53 wide. */
  ranged(field: string, v: number, lo: number, hi: number): void {
    this.whole(field, v, lo, hi);
    this.bits(v - lo, width(hi - lo));
  }

  /** Writes an integer of a range that may be wider. */
  rangedWide(field: string, v: bigint, lo: bigint, hi: bigint): void {
    if (v < lo || v > hi) this.fail(field, "range", v, `${lo}..${hi}`);
    this.wide(v - lo, wideWidth(hi - lo));
  }

  /** Writes the index of a value among all that there are. */
  oneOf<T>(field: string, v: T, all: readonly T[]): void {
    const index = all.indexOf(v);
    if (index < 0) this.fail(field, "range", v, `one of ${all.join(", ")}`);
    this.short(index, width(all.length - 1));
  }

  private whole(field: string, v: number, lo: number, hi: number): void {
    if (!(v >= lo && v <= hi && Number.isInteger(v))) this.fail(field, "range", v, `${lo}..${hi}`);
  }

  /** Writes a uint16 in 6 to 18 bits. */
  varint16(field: string, v: number): void {
    this.whole(field, v, 0, 0xffff);
    this.varint(v, short16);
  }

  /** Writes a uint32 in 7 to 34 bits. */
  varint32(field: string, v: number): void {
    this.whole(field, v, 0, 0xffffffff);
    this.varint(v, short32);
  }

  /** Writes a uint64 in 9 to 66 bits. */
  varint64(field: string, v: bigint): void {
    if (BigInt.asUintN(64, v) !== v) this.fail(field, "range", v, "64 bits");
    if (v < 1n << 41n) {
      this.varint(Number(v), short64);
      return;
    }
    this.short(3, 2);
    this.wide(v, 64);
  }

  /** Writes an int16 in 6 to 18 bits. */
  zigzag16(field: string, v: number): void {
    this.whole(field, v, -0x8000, 0x7fff);
    this.varint(zigzag(v), short16);
  }

  /** Writes an int32 in 7 to 34 bits. */
  zigzag32(field: string, v: number): void {
    this.whole(field, v, -0x80000000, 0x7fffffff);
    this.varint(zigzag(v), short32);
  }

  /** Writes an int64 in 9 to 66 bits. */
  zigzag64(field: string, v: bigint): void {
    if (BigInt.asIntN(64, v) !== v) this.fail(field, "range", v, "64 bits");
    this.varint64(field, v < 0n ? -2n * v - 1n : 2n * v);
  }

  private varint(v: number, c: Classes): void {
    const of = classOf(c, width(v));
    this.bits(v * 4 + of, 2 + c[of]);
  }

  /** Writes all bits of a float; NaN is one that Go knows too. */
  float32(v: number): void {
    this.short(float32Bits(v), 32);
  }

  /** Writes all bits of a double. */
  float64(v: number): void {
    this.short(float64.low(v), 32);
    this.short(float64.high(v), 32);
  }

  /** Writes a float of a range, in steps. */
  quantized(field: string, v: number, lo: number, hi: number, step: number): void {
    const last = lastCode(lo, hi, step);
    const code = quantize(v, lo, 1 / step);
    if (code > last) this.fail(field, "range", v, `${lo}..${hi}`);
    this.bits(code, width(last));
  }

  /** Writes the float of a range that is the nearest to v; NaN is lo. */
  quantizedClamped(v: number, lo: number, hi: number, step: number): void {
    const last = lastCode(lo, hi, step);
    this.bits(clamp(v, lo, 1 / step, last), width(last));
  }

  /** Writes a half float. */
  half(v: number): void {
    this.short(half(v), 16);
  }

  /** Writes an angle in so many bits a turn. */
  angle(field: string, v: number, n: number): void {
    const code = angle(v, n);
    if (code === Infinity) this.fail(field, "range", v, "a finite angle");
    this.short(code, n);
  }

  /** Writes a direction in n bits an axis; its parts are floats of so many bits. */
  unit(field: string, v: Readonly<Vector>, n: number, float: 32 | 64): void {
    const codes = unit(v, n, float);
    if (codes === undefined) this.fail(field, "range", v, "a direction");
    this.short(codes[0]!, n);
    this.short(codes[1]!, n);
  }

  /** Writes a rotation in n bits a part; its parts are floats of so many bits. */
  quat(field: string, v: Readonly<Rotation>, n: number, float: 32 | 64): void {
    const codes = quat(v, n, float);
    if (codes === undefined) this.fail(field, "range", v, "a rotation");
    this.short(codes[0]!, 2);
    this.short(codes[1]!, n);
    this.short(codes[2]!, n);
    this.short(codes[3]!, n);
  }

  /** Writes a duration of a range, which is a number of nanoseconds, in units: what is less than one is cut off. */
  duration(field: string, v: number, lo: number, hi: number, unit: number): void {
    this.whole(field, v, lo, hi);
    const n = v - lo;
    this.bits((n - (n % unit)) / unit, width((hi - lo) / unit));
  }

  /** Writes a duration of a range that may be wider. */
  durationWide(field: string, v: bigint, lo: bigint, hi: bigint, unit: bigint): void {
    if (v < lo || v > hi) this.fail(field, "range", v, `${lo}..${hi}`);
    this.wide((v - lo) / unit, wideWidth((hi - lo) / unit));
  }

  /** Writes how many elements follow, of at most limit. */
  count(field: string, n: number, limit: number): void {
    if (n > limit) this.fail(field, "too long", n, `at most ${limit}`);
    this.short(n, width(limit));
  }

  /** Writes how many elements there are now, of at most limit, if that is not what there were. */
  deltaCount(field: string, n: number, had: number, limit: number): void {
    if (this.flag(n !== had)) this.count(field, n, limit);
  }

  /** Wants as many elements as an array has. */
  exactly(field: string, n: number, want: number): void {
    if (n !== want) this.fail(field, "range", n, `${want} elements`);
  }

  /** Writes a string of at most limit bytes of UTF-8. */
  string(field: string, s: string, limit: number): void {
    if (s.length > limit) this.fail(field, "too long", s.length, `at most ${limit} bytes`);
    const n = encodeText(s);
    this.length(field, n, limit);
    this.raw(scratchOf(n), n);
  }

  /** Writes bytes, at most limit. */
  bytes(field: string, b: Uint8Array, limit: number): void {
    this.length(field, b.length, limit);
    this.raw(b, b.length);
  }

  private length(field: string, n: number, limit: number): void {
    if (n > limit) this.fail(field, "too long", n, `at most ${limit} bytes`);
    this.short(n, width(limit));
  }

  /** Writes how many entries of a map follow, of at most limit, and returns its keys in their order. */
  keys<K extends boolean | number | bigint | string>(
    field: string,
    m: ReadonlyMap<K, unknown>,
    limit: number,
  ): K[] {
    this.count(field, m.size, limit);
    const all = [...m.keys()];
    if (typeof all[0] !== "string") return all.sort((a, b) => (a < b ? -1 : 1));
    for (const key of all as string[]) {
      if (isBroken(key)) this.fail(field, "form", key, "a key without half a pair of UTF-16");
    }
    return all.sort((a, b) => compareText(a as string, b as string));
  }

  /** Writes an address: 4 or 16 bytes, or none. */
  addr(field: string, a: Uint8Array): void {
    const kind = [0, 4, 16].indexOf(a.length);
    if (kind < 0) this.fail(field, "range", a.length, "an address of 0, 4 or 16 bytes");
    this.short(kind, 2);
    this.raw(a, a.length);
  }

  /** Writes an address and a port. */
  addrPort(field: string, a: Readonly<AddrPort>): void {
    this.addr(field, a.addr);
    this.whole(field, a.port, 0, 0xffff);
    this.short(a.port, 16);
  }
}

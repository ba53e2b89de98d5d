import { FieldError, type Reason } from "./error.js";
import { dequantize, float32From, float64, fromAngle, fromHalf, lastCode } from "./float.js";
import { fromQuat, fromUnit, type Rotation, type Vector } from "./direction.js";
import { short16, short32, short64, wideWidth, width, zagzig, type Classes } from "./number.js";
import { decodeText, scratchOf } from "./text.js";
import { type AddrPort } from "./values.js";

const none = /* @__PURE__ */ new Uint8Array(0);

function roundAll(v: number[]): void {
  for (let i = 0; i < v.length; i++) v[i] = Math.fround(v[i]!);
}

/**
 * A Reader takes the bits of a message:
 *
 *     start ─▶ bits, string, … ─▶ finish
 *
 * It trusts nobody. Bits behind the end are zeros; {@link finish} tells that there were any. A field that
 * is wrong is a {@link FieldError}, thrown at once: so a count or a length is never believed beyond what
 * came, and nothing else is ever thrown.
 */
export class Reader {
  /** The schema version of the message; by default the newest that the code knows. start leaves it. */
  version = Infinity;

  private b: Uint8Array = none;
  private pos = 0; // in bits

  /** Begins to read the message that is all of b. */
  start(b: Uint8Array): void {
    this.b = b;
    this.pos = 0;
  }

  /** Wants the message to end here, the rest of its last byte being zeros. Message is the name of its type. */
  finish(message: string): void {
    const used = Math.ceil(this.pos / 8);
    if (used > this.b.length) throw new FieldError(message, "short");
    if (used < this.b.length) throw new FieldError(message, "trailing", this.b.length - used);
    if (this.bits(-this.pos & 7) !== 0) throw new FieldError(message, "padding");
  }

  /** Throws a {@link FieldError}. If the message was at its end before, that is what it tells. */
  fail(field: string, reason: Reason, value?: unknown, want = ""): never {
    if (this.pos > this.b.length * 8) throw new FieldError(field, "short");
    throw new FieldError(field, reason, value, want);
  }

  /** Reads n bits, at most 53. */
  bits(n: number): number {
    if (n <= 32) return this.short(n);
    const low = this.short(32);
    return low + this.short(n - 32) * 2 ** 32;
  }

  /** Reads n bits, at most 64. */
  wide(n: number): bigint {
    if (n <= 32) return BigInt(this.short(n));
    const low = this.short(32);
    return BigInt(low) | (BigInt(this.short(n - 32)) << 32n);
  }

  /** Reads at most 32 bits. */
  private short(n: number): number {
    if (n === 0) return 0;
    const { b, pos } = this;
    const at = pos >>> 3;
    const shift = pos & 7;
    this.pos = pos + n;
    if (at + 5 > b.length) return this.last(at, shift, n);
    let v = (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> shift;
    if (shift + n > 32) v |= b[at + 4]! << (32 - shift);
    return (v << (32 - n)) >>> (32 - n);
  }

  /** Reads where the message ends. */
  private last(at: number, shift: number, n: number): number {
    let v = 0;
    for (let i = 0; i < 5 && at + i < this.b.length; i++) {
      const byte = this.b[at + i]!;
      const to = 8 * i - shift;
      if (to < 32) v |= to < 0 ? byte >>> -to : byte << to;
    }
    return (v << (32 - n)) >>> (32 - n);
  }

  /** How many bits there are still. */
  private left(): number {
    return Math.max(this.b.length * 8 - this.pos, 0);
  }

  bool(): boolean {
    return this.short(1) !== 0;
  }

  uint8(): number {
    return this.short(8);
  }

  int8(): number {
    return (this.short(8) << 24) >> 24;
  }

  /** Reads an integer of the range lo..hi, which is less than 2^53 wide. */
  ranged(field: string, lo: number, hi: number): number {
    return lo + this.code(field, hi - lo);
  }

  /** Reads an integer of a range that may be wider. */
  rangedWide(field: string, lo: bigint, hi: bigint): bigint {
    const last = hi - lo;
    const code = this.wide(wideWidth(last));
    if (code > last) this.fail(field, "range", code, `a code of 0..${last}`);
    return lo + code;
  }

  /** Reads which of all values there are it is. */
  oneOf<T>(field: string, all: readonly T[]): T {
    return all[this.code(field, all.length - 1)]!;
  }

  /** Reads a code of 0 to last. */
  private code(field: string, last: number): number {
    const code = this.bits(width(last));
    if (code > last) this.fail(field, "range", code, `a code of 0..${last}`);
    return code;
  }

  varint16(field: string): number {
    return this.varint(field, short16);
  }

  varint32(field: string): number {
    return this.varint(field, short32);
  }

  varint64(field: string): bigint {
    if (this.short(2) !== 3) {
      this.pos -= 2;
      return BigInt(this.varint(field, short64));
    }
    const v = this.wide(64);
    if (v >> 41n === 0n) this.fail(field, "form", v);
    return v;
  }

  zigzag16(field: string): number {
    return zagzig(this.varint16(field));
  }

  zigzag32(field: string): number {
    return zagzig(this.varint32(field));
  }

  zigzag64(field: string): bigint {
    const u = this.varint64(field);
    return (u >> 1n) ^ -(u & 1n);
  }

  private varint(field: string, c: Classes): number {
    const of = this.short(2);
    const v = this.bits(c[of]!);
    if (of > 0 && v < 2 ** c[of - 1]!) this.fail(field, "form", v);
    return v;
  }

  float32(): number {
    return float32From(this.short(32));
  }

  float64(): number {
    const low = this.short(32);
    return float64.from(low, this.short(32));
  }

  /** Reads a float of a range, in steps. */
  quantized(field: string, lo: number, hi: number, step: number): number {
    return dequantize(this.code(field, lastCode(lo, hi, step)), lo, step);
  }

  half(): number {
    return fromHalf(this.short(16));
  }

  /** Reads an angle of so many bits a turn. */
  angle(n: number): number {
    return fromAngle(this.short(n), n);
  }

  /** Reads a direction of n bits an axis into v, whose parts are floats of so many bits. */
  unit(field: string, v: Vector, n: number, float: 32 | 64): void {
    const a = this.short(n);
    if (!fromUnit(a, this.short(n), n, v)) this.fail(field, "range", undefined, "a direction");
    if (float === 32) roundAll(v);
  }

  /** Reads a rotation of n bits a part into v, whose parts are floats of so many bits. */
  quat(field: string, v: Rotation, n: number, float: 32 | 64): void {
    const largest = this.short(2);
    const i = this.short(n);
    const j = this.short(n);
    if (!fromQuat(largest, i, j, this.short(n), n, v))
      this.fail(field, "range", undefined, "a rotation");
    if (float === 32) roundAll(v);
  }

  /** Reads a duration of a range, in units; it is a number of nanoseconds. */
  duration(field: string, lo: number, hi: number, unit: number): number {
    return lo + this.code(field, (hi - lo) / unit) * unit;
  }

  /** Reads a duration of a range that may be wider. */
  durationWide(field: string, lo: bigint, hi: bigint, unit: bigint): bigint {
    return lo + this.rangedWide(field, 0n, (hi - lo) / unit) * unit;
  }

  /**
   * Reads how many elements follow: at most limit, and at most as many as the rest of the message can
   * hold if each takes so many bits (none counts as one).
   */
  count(field: string, limit: number, least: number): number {
    const n = this.short(width(limit));
    if (n > limit) this.fail(field, "too long", n, `at most ${limit}`);
    if (n * Math.max(least, 1) > this.left()) this.fail(field, "short", n, "as many as came");
    return n;
  }

  /**
   * Reads how many elements there are now: at most limit, and at most as many as the rest of the message
   * can hold if those that there were take a bit each, and the others so many.
   */
  deltaCount(field: string, had: number, limit: number, least: number): number {
    if (!this.bool()) return had;
    const n = this.count(field, limit, 1);
    if (n > had && had + (n - had) * Math.max(least, 1) > this.left()) {
      this.fail(field, "short", n, "as many as came");
    }
    return n;
  }

  /** Reads the length of bytes that are all there. */
  private length(field: string, limit: number): number {
    const n = this.short(width(limit));
    if (n > limit) this.fail(field, "too long", n, `at most ${limit} bytes`);
    if (n * 8 > this.left()) this.fail(field, "short", n, "as many bytes as came");
    return n;
  }

  /** Reads n bytes, which are there. */
  private raw(to: Uint8Array, n: number): void {
    const { b, pos } = this;
    const shift = pos & 7;
    this.pos = pos + 8 * n;
    for (let i = 0, at = pos >>> 3; i < n; i++, at++) {
      to[i] = shift === 0 ? b[at]! : (b[at]! >>> shift) | (b[at + 1]! << (8 - shift));
    }
  }

  /**
   * Reads a string of at most limit bytes; what is not UTF-8 is replaced, as far as the limit allows. If it is
   * old, that is returned.
   */
  string(field: string, limit: number, old = ""): string {
    const n = this.length(field, limit);
    const bytes = scratchOf(n);
    this.raw(bytes, n);
    return decodeText(bytes, n, old, limit);
  }

  /** Reads bytes of at most limit: into old if that has their length, otherwise into new memory. */
  bytes(field: string, limit: number, old: Uint8Array = none): Uint8Array {
    const n = this.length(field, limit);
    const to = old.length === n ? old : new Uint8Array(n);
    this.raw(to, n);
    return to;
  }

  /** Wants a key of a map to be above the one before, if there was one. */
  ascends<K extends boolean | number | bigint>(
    field: string,
    first: boolean,
    before: K,
    key: K,
  ): void {
    if (!first && before >= key) this.fail(field, "order", key);
  }

  /** At which bit the next field is. */
  get at(): number {
    return this.pos;
  }

  /**
   * Wants the string of at most limit bytes that begins at a bit to be above another, which was a key
   * before (below 0: there was none). They are compared by their bytes, which need not be UTF-8.
   */
  ascendsText(field: string, before: number, at: number, limit: number): void {
    if (before < 0) return;
    const end = this.pos;
    const bits = width(limit);
    const n = this.peek(before, bits);
    const m = this.peek(at, bits);
    let d = 0;
    for (let i = 0; i < n && i < m && d === 0; i++) {
      d = this.peek(at + bits + 8 * i, 8) - this.peek(before + bits + 8 * i, 8);
    }
    this.pos = end;
    if (d < 0 || (d === 0 && n >= m)) this.fail(field, "order");
  }

  private peek(at: number, n: number): number {
    this.pos = at;
    return this.short(n);
  }

  /** Reads an address: 4 or 16 bytes, or none; into old if that has as many. */
  addr(field: string, old: Uint8Array = none): Uint8Array {
    const kind = this.short(2);
    if (kind === 3) this.fail(field, "zone");
    const n = kind === 2 ? 16 : 4 * kind;
    const to = old.length === n ? old : new Uint8Array(n);
    for (let i = 0; i < n; i++) to[i] = this.short(8);
    return to;
  }

  /** Reads an address and a port into a. */
  addrPort(field: string, a: AddrPort): void {
    a.addr = this.addr(field, a.addr);
    a.port = this.short(16);
  }
}

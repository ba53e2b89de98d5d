/**
 * A Writer appends what frames consist of to memory of a fixed size. What does not fit is not there,
 * and `at` is above `end` then: whoever may write too much looks, and goes back to where it was.
 */
export class Writer {
  at = 0;
  end: number;

  constructor(readonly bytes: Uint8Array) {
    this.end = bytes.length;
  }

  /** Whether all that was written has found room. */
  get fits(): boolean {
    return this.at <= this.end;
  }

  /** What was written, in place. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  u8(v: number): void {
    this.bytes[this.at++] = v;
  }

  u16(v: number): void {
    this.bytes[this.at++] = v;
    this.bytes[this.at++] = v >>> 8;
  }

  u24(v: number): void {
    this.u16(v);
    this.bytes[this.at++] = v >>> 16;
  }

  /** Writes the low 32 bits of a whole number. */
  u32(v: number): void {
    v %= 0x100000000;
    this.u16(v);
    this.u16(v >>> 16);
  }

  u64(v: bigint): void {
    this.u32(Number(v & 0xffffffffn));
    this.u32(Number((v >> 32n) & 0xffffffffn));
  }

  /** Writes a LEB128 in its shortest form. */
  v(v: number | bigint): void {
    if (typeof v === "bigint") {
      for (; v > 127n; v >>= 7n) this.u8(Number(v & 127n) | 128);
      this.u8(Number(v));
      return;
    }
    for (; v > 127; v = Math.floor(v / 128)) this.u8((v % 128) | 128);
    this.u8(v);
  }

  /** Writes a part of some bytes; a loop makes no view for what is small. */
  raw(from: Uint8Array, start = 0, end = from.length): void {
    for (let i = start; i < end; i++) this.bytes[this.at++] = from[i]!;
  }

  /** Writes bytes behind their length. */
  block(bytes: Uint8Array): void {
    this.v(bytes.length);
    this.raw(bytes);
  }
}

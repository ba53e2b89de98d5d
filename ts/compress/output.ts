import { OpenError } from "./error.js";

/**
 * An Output is the memory for an opened message, exactly as long as that says it is, and a dictionary
 * that lies as if in front of it. Nothing is written outside, and nothing read that is not there.
 */
export class Output {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(
    length: number,
    readonly before: Uint8Array,
  ) {
    this.bytes = new Uint8Array(length);
  }

  /** How many bytes are missing still. */
  get room(): number {
    return this.bytes.length - this.at;
  }

  /** Wants room for n bytes. */
  need(n: number): void {
    if (n > this.room) throw new OpenError("length", this.at + n, `${this.bytes.length}`);
  }

  /** Appends bytes. */
  put(b: Uint8Array): void {
    this.need(b.length);
    this.bytes.set(b, this.at);
    this.at += b.length;
  }

  /** Appends a byte n times. */
  fill(byte: number, n: number): void {
    this.need(n);
    this.bytes.fill(byte, this.at, this.at + n);
    this.at += n;
  }

  /** Appends n bytes that begin offset bytes back, in the dictionary perhaps; they may reach into themselves. */
  copy(offset: number, n: number): void {
    this.need(n);
    const back = offset - this.at;
    if (offset <= 0 || back > this.before.length) throw new OpenError("offset", offset);
    if (back > 0) {
      const from = this.before.length - back;
      const some = Math.min(n, back);
      this.bytes.set(this.before.subarray(from, from + some), this.at);
      this.at += some;
      n -= some;
    }
    this.repeat(offset, n);
  }

  private repeat(offset: number, n: number): void {
    const { bytes, at } = this;
    this.at = at + n;
    if (n <= offset && n > 32) {
      bytes.copyWithin(at, at - offset, at - offset + n);
      return;
    }
    for (let i = at; i < at + n; i++) bytes[i] = bytes[i - offset]!;
  }

  /** Returns the bytes, all of which have to be there. */
  finish(): Uint8Array {
    if (this.room > 0) throw new OpenError("length", this.at, `${this.bytes.length}`);
    return this.bytes;
  }
}

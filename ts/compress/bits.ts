import { OpenError } from "./error.js";

/**
 * Bits takes the bits of a stream of Zstandard from its end to its beginning (RFC 8878, 4.1): the
 * highest one that is set in the last byte stands in front of them. Bits behind the beginning are
 * zeros; {@link left} is negative then.
 */
export class Bits {
  /** How many bits there are still. */
  left: number;

  constructor(private readonly b: Uint8Array) {
    const last = b[b.length - 1] ?? 0;
    if (last === 0) throw new OpenError("table", undefined, "a stream with an end");
    this.left = b.length * 8 - 1 - Math.clz32(last << 24);
  }

  /** Takes n bits, at most 32. */
  take(n: number): number {
    if (n <= 16) {
      this.left -= n;
      return this.look(n);
    }
    const high = this.take(n - 16);
    return high * 65536 + this.take(16);
  }

  /** Returns the n bits, at most 16, that were taken last. */
  look(n: number): number {
    const { left } = this;
    if (left < 0) return n + left <= 0 ? 0 : this.at(0, n + left) << -left;
    return this.at(left, n);
  }

  private at(pos: number, n: number): number {
    const { b } = this;
    const i = pos >>> 3;
    return ((b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16)) >>> (pos & 7)) & ((1 << n) - 1);
  }

  /** Wants all bits to be taken, and none beside them. */
  finish(): void {
    if (this.left !== 0) throw new OpenError("table", this.left, "0 bits at the end of a stream");
  }
}

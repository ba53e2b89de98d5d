import { OpenError } from "./error.js";

/** An Input takes bytes from the front of a message. What is not there is an {@link OpenError}. */
export class Input {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Takes n bytes, which lie in the message. */
  take(n: number): Uint8Array {
    if (n > this.left) throw new OpenError("short", this.left, `${n} bytes more`);
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** Takes all bytes that there are still. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** Takes a number of n bytes, at most 6, little-endian. */
  number(n: number): number {
    return this.take(n).reduceRight((v, byte) => v * 256 + byte, 0);
  }

  byte(): number {
    if (this.left < 1) throw new OpenError("short");
    return this.bytes[this.at++]!;
  }
}

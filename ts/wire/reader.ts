import { want, WireError } from "./error.js";

/** The largest channel. */
const maxChannel = 16383;

/** A Reader takes what frames consist of from a packet. What is not there is a {@link WireError}. */
export class Reader {
  bytes: Uint8Array;
  at = 0;
  end: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Begins with other bytes. */
  reset(bytes: Uint8Array): this {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Passes over n bytes and returns where they begin. */
  skip(n: number): number {
    if (n > this.end - this.at) throw new WireError();
    const start = this.at;
    this.at += n;
    return start;
  }

  /** Takes n bytes, in place. */
  take(n: number): Uint8Array {
    return this.bytes.subarray(this.skip(n), this.at);
  }

  /** Takes bytes behind their length, in place. */
  block(): Uint8Array {
    return this.take(this.v());
  }

  u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  u16(): number {
    const i = this.skip(2);
    return this.bytes[i]! | (this.bytes[i + 1]! << 8);
  }

  u24(): number {
    return this.u16() | (this.u8() << 16);
  }

  u32(): number {
    return this.u16() + this.u16() * 0x10000;
  }

  u64(): bigint {
    return BigInt(this.u32()) | (BigInt(this.u32()) << 32n);
  }

  /** Reads a LEB128. One of 2^53 or more is rounded: whoever needs each bit has exactOf. */
  v(): number {
    let v = 0;
    for (let i = 0, scale = 1; ; i++, scale *= 128) {
      const byte = this.u8();
      want(i < 9 || byte === 1); // of 64 bits the tenth byte has one
      v += (byte & 127) * scale;
      if (byte > 127) continue;
      want(byte > 0 || i === 0);
      return v;
    }
  }

  /** Reads a LEB128 of at most so much. */
  atMost(limit: number): number {
    const v = this.v();
    want(v <= limit);
    return v;
  }

  channel(): number {
    return this.atMost(maxChannel);
  }

  /** Reads how many there are: 1 to so many. */
  count(limit: number): number {
    const n = this.v();
    want(n >= 1 && n <= limit);
    return n;
  }
}

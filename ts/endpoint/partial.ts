import { want } from "../wire/first.js";
import { addRange, type Ranges } from "./ranges.js";
import { gap, gapEnd, touches } from "./ranges_full.js";
import { type Head } from "./head.js";

/** A Partial is a message of which some bytes have come: whatever range comes, the first copy of a byte counts. */
export class Partial {
  /** The end of what is known of it, its total once that is known. */
  known = 0;
  /** The sender wants STORED. */
  stored = false;
  /** What it takes of a budget. */
  held = 0;
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  private have: Ranges = [];
  private got = 0;
  private total = -1;

  constructor(
    readonly head: Readonly<Head>,
    /** When its first fragment came. */
    readonly began: number,
  ) {}

  /** Wants that a fragment speaks of the same message, in the same way. */
  matches(h: Head): void {
    const { options, key, first } = this.head;
    want(options === h.options && key === h.key && first === h.first);
  }

  /** Notes how long a fragment shows the message to be, and says by how much that is more. */
  learn(offset: number, length: number, total: number): number {
    let end = offset + length;
    if (offset === 0) {
      want(this.canBe(total));
      this.total = end = total;
    } else {
      want(this.total < 0 || end <= this.total);
    }
    const more = Math.max(end - this.known, 0);
    this.known += more;
    return more;
  }

  /** Whether a message that comes whole, or is skipped, can be this one. */
  canBe(length: number): boolean {
    return this.known <= length && (this.total < 0 || this.total === length);
  }

  /** Whether one more range would be more than whoever cuts messages for packets makes. */
  scattered(offset: number, length: number): boolean {
    const { have } = this;
    if (have.length < 128 + this.known / 256 || touches(have, offset, offset + length)) return false;
    return offset > gap(have, 0, offset + length);
  }

  /** Takes the bytes that are new. */
  add(offset: number, from: Uint8Array, start: number, length: number): void {
    this.grow();
    const end = offset + length;
    for (let at = gap(this.have, offset, end); at < end; at = gap(this.have, at, end)) {
      const to = gapEnd;
      for (let i = at; i < to; i++) this.bytes[i] = from[start + i - offset]!;
      this.got += to - at;
      addRange(this.have, at, to);
    }
  }

  /** Makes room for what is known. */
  private grow(): void {
    if (this.known <= this.bytes.length) return;
    const larger = new Uint8Array(this.total >= 0 ? this.total : Math.ceil(this.known * 1.25));
    larger.set(this.bytes.subarray(0, larger.length));
    this.bytes = larger;
  }

  /** The message, if all of it is there. */
  whole(): Uint8Array<ArrayBuffer> | undefined {
    if (this.total < 0 || this.got < this.total) return undefined;
    return this.bytes.length === this.total ? this.bytes : this.bytes.slice(0, this.total);
  }
}

import { want, type Key } from "../wire/index.js";

/** What a frame says of a message beside its bytes. */
export class Head {
  /** Of a droppable: the id that it precedes. */
  id = 0;
  options = 0;
  key: Key | undefined = undefined;
  /** The first id of its group. */
  first = 0;
  index = 0;
  /** Of Unreliable: it has an id, since it may come over several paths. */
  copied = false;
}

/** A Partial is a message of which some bytes have come: here, those from its beginning. */
export class Partial {
  /** How many bytes there are. */
  got = 0;
  /** The end of what is known of it, its total once that is known. */
  known = 0;
  total = -1;
  /** The sender wants STORED. */
  stored = false;
  protected bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

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

  /** Takes the bytes that come next. */
  add(offset: number, from: Uint8Array, start: number, length: number): void {
    this.grow();
    for (let i = 0; i < length; i++) this.bytes[offset + i] = from[start + i]!;
    this.got += length;
  }

  /** Makes room for what is known. */
  protected grow(): void {
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

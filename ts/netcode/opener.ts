import { nearest } from "../wire/number.js";
import { Epoch } from "./epoch.js";
import type { Pad } from "./pad.js";
import { Window } from "./window.js";

const oldKeys = 6_000_000; // how long what was sealed before a change is opened
const leastEpoch = 1000;

/** An Inbound is what is known of the packets that came on a path. */
interface Inbound {
  readonly seen: Window;
  /** In which one came last. */
  epoch: number;
  /** Number of the one that came first in that. */
  first: number;
}

/** An Opener opens the DATA packets that come of a connection (SPEC.md, 4 and 5). */
export class Opener {
  /** That of the packet that was opened last. */
  number = 0;
  private old: Epoch | undefined;
  private now: Epoch;
  private next: Epoch; // derived ahead, so that no forgery has it derived
  private epochs = 0;
  private changedAt = 0;
  private readonly paths: (Inbound | undefined)[] = [];

  constructor(
    private readonly pad: Pad,
    secret: Uint8Array,
  ) {
    this.now = new Epoch(pad, secret);
    this.next = this.now.next();
  }

  /**
   * Opens a packet in place.
   *
   * @param path on which it came
   * @returns its frames, undefined if it is to be dropped
   */
  open(now: number, b: Uint8Array, path: number): Uint8Array | undefined {
    const numberBytes = (b[0]! & 3) + 1;
    const header = 1 + numberBytes;
    if (b.length < header + this.pad.tagBytes || b[0]! >> 3 !== 1) return undefined;
    let low = 0;
    for (let i = numberBytes; i > 0; i--) low = low * 256 + b[i]!;
    const p = this.paths[path];
    const number = nearest(p ? p.seen.largest + 1 : 0, low, 8 * numberBytes);
    const epoch = p && !p.seen.fresh(number) ? undefined : this.keysOf(now, p, b[0]! & 4, number);
    const frames = epoch?.aead.open(epoch.nonce(path, number), b, header);
    if (!frames) return undefined;
    this.number = number;
    this.mark(now, epoch!, path, number);
    return frames;
  }

  private mark(now: number, epoch: Epoch, path: number, number: number): void {
    const p = (this.paths[path] ??= { seen: new Window(), epoch: -1, first: 0 });
    p.seen.mark(number);
    const of =
      epoch === this.old ? this.epochs - 1 : epoch === this.now ? this.epochs : this.begin(now);
    if (of > p.epoch) {
      p.epoch = of;
      p.first = number;
    }
  }

  /** Begins the next epoch. */
  private begin(now: number): number {
    this.old = this.now;
    this.now = this.next;
    this.next = this.next.next();
    this.changedAt = now;
    return ++this.epochs;
  }

  /** The epoch that a packet must be of; undefined if it is of none. */
  private keysOf(
    now: number,
    p: Inbound | undefined,
    parity: number, // the bit of it in a packet
    number: number,
  ): Epoch | undefined {
    if (this.old && now - this.changedAt >= oldKeys) this.old = undefined;
    if (parity === (this.epochs & 1) << 2) return this.now;
    const heard = p !== undefined && p.epoch === this.epochs;
    if (this.old && (!heard || number < p.first)) return this.old;
    if (heard && number <= p.seen.largest) return undefined;
    return this.epochs > 0 && now - this.changedAt < leastEpoch ? undefined : this.next;
  }
}

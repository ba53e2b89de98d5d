import {
  DROPPABLE,
  FRAGMENT,
  REPAIR,
  RUN,
  SKIP,
  Fragment,
  maxNamed,
  readFragment,
  readRepair,
  readRun,
  Repair,
  Run,
  want,
  type Reader,
} from "../wire/index.js";
import { maxOpen } from "./constants.js";
import { type Common } from "./common.js";
import { type Builder } from "./packet.js";
import { type Head } from "./partial.js";
import type { Rebuilders } from "./rebuild.js";
import { Receiver } from "./receiver.js";
import { type Symbol } from "./symbol.js";

const none = new Uint8Array(0);

/** An Inbox is what comes from the peer: a receiver for each channel. */
export class Inbox {
  readonly receivers = new Map<number, Receiver>();
  /** WINDOW, STORED or REBUILT is to be said. */
  owing = false;
  /** Something of a reliable delivery was in the packet that is read. */
  prompt = false;
  private run = new Run();
  private fragment = new Fragment();
  private sum = new Repair();
  /** What comes of REPAIR; without it all sums are dropped. */
  rebuilders: Rebuilders | undefined;
  private symbol: Symbol = { options: 0, key: undefined, back: 0, bytes: none, size: 0 };

  constructor(private c: Common) {
    const owe = () => void (this.owing = true);
    const saw = (channel: number, h: Readonly<Head>, bytes: Uint8Array) =>
      this.saw(channel, h, bytes);
    for (const ch of c.cfg.channels) this.receivers.set(ch.id, new Receiver(c, ch, owe, saw));
  }

  private saw(channel: number, h: Readonly<Head>, bytes: Uint8Array): void {
    if (!this.rebuilders?.any || h.options & DROPPABLE) return;
    const { symbol } = this;
    symbol.options = h.options;
    symbol.key = h.key;
    symbol.back = Math.min(h.id - h.first, maxOpen);
    symbol.bytes = bytes;
    symbol.size = bytes.length;
    this.rebuilders.saw(channel, h.id, symbol);
  }

  /** Begins a packet. */
  begin(): void {
    this.prompt = false;
    this.rebuilders?.begin();
  }

  /** Ends it: what can be rebuilt now is. */
  end(): void {
    this.rebuilders?.end();
  }

  private of(channel: number): Receiver {
    const r = this.receivers.get(channel);
    want(r !== undefined);
    return r!;
  }

  /** Reads a frame with messages, or that steers them; false: it cannot be stored now. */
  read(type: number, r: Reader, trip: number): boolean {
    const { now } = this.c;
    if (type >= RUN) {
      readRun(r, type, this.run);
      const of = this.of(this.run.channel);
      this.prompt ||= of.reliable;
      of.run(this.run, r);
    } else if (type >= FRAGMENT) {
      readFragment(r, type, this.fragment);
      const of = this.of(this.fragment.channel);
      this.prompt ||= of.reliable;
      return of.fragment(now, this.fragment, r);
    } else if (type === REPAIR) {
      this.repair(r);
    } else if (type === SKIP) {
      const of = this.of(r.channel());
      const first = r.u32();
      of.skip(first, r.count(maxNamed), r);
    } else {
      const of = this.of(r.channel());
      of.blocked(now, r.u32(), trip);
    }
    return true;
  }

  private repair(r: Reader): void {
    const { sum } = this;
    readRepair(r, sum);
    const bytes = r.take(sum.length);
    const of = this.of(sum.channel);
    want(sum.channel > 0);
    const newest = of.expand(sum.newest, false, !of.reliable);
    want(!of.reliable || newest < of.lowest + maxOpen);
    if (!this.rebuilders) return;
    const { now } = this.c;
    this.rebuilders.repair(now, sum.channel, of, newest, sum.row, sum.mask, bytes);
    this.c.expireLater(this.rebuilders.expire(now));
  }

  /** Appends what is owed, as far as there is room. */
  write(b: Builder, trip: number): void {
    this.owing = false;
    for (const r of this.receivers.values()) {
      if (r.owes) r.write(b, trip);
      this.owing ||= r.owes;
    }
  }

  expire(now: number): void {
    for (const r of this.receivers.values()) r.expire(now);
    if (this.rebuilders) this.c.expireLater(this.rebuilders.expire(now));
  }
}

import {
  BLOCKED,
  DROPPABLE,
  REPAIR,
  RUN,
  Fragment,
  maxNamed,
  OptionRun,
  readOptionRun,
  readFragment,
  readRepair,
  Repair,
  want,
  type Reader,
} from "../wire/index.js";
import { become } from "./become.js";
import { expireLater } from "./expiry.js";
import { maxOpen } from "./constants.js";
import { Inbox } from "./inbox.js";
import type { Rebuilders } from "./rebuild.js";
import { type Head } from "./head.js";
import { type Receiver } from "./receiver.js";
import { FullReceiver } from "./receiver_full.js";
import { type Symbol } from "./symbol.js";

/** A FullInbox reads what lost messages leave behind, too. */
export class FullInbox extends Inbox {
  declare readonly receivers: Map<number, FullReceiver>;
  /** Something of a reliable delivery was in the packet that is read. */
  prompt!: boolean;
  /** Once they are learnt; without them all sums are dropped. */
  rebuilders: Rebuilders | undefined;
  private long!: OptionRun;
  private fragment!: Fragment;
  private sum!: Repair;
  private symbol!: Symbol;

  /** Has an inbox know all that. */
  static of(inbox: Inbox): FullInbox {
    const all = become(inbox, FullInbox, {
      prompt: false,
      rebuilders: undefined,
      long: new OptionRun(),
      fragment: new Fragment(),
      sum: new Repair(),
      symbol: { options: 0, key: undefined, back: 0, bytes: new Uint8Array(0), size: 0 },
    });
    for (const r of inbox.receivers.values()) {
      FullReceiver.of(r, (channel, h, bytes) => all.saw(channel, h, bytes));
    }
    return all;
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

  protected override of(channel: number): Receiver {
    const r = super.of(channel);
    this.prompt ||= r.reliable;
    return r;
  }

  /** Ends it: what can be rebuilt now is. */
  end(): void {
    this.rebuilders?.end();
  }

  /** Reads RUN or FRAGMENT; false: what it holds cannot be stored now. */
  override read(type: number, r: Reader): boolean {
    const { long, fragment: f } = this;
    const before = r.at;
    const runs = type >= RUN;
    if (runs) readOptionRun(r, type, long);
    else readFragment(r, type, f);
    const of = this.of(runs ? long.channel : f.channel) as FullReceiver;
    const stored = runs ? of.run(long, r) : of.fragment(this.c.now, f, r);
    of.bytesReceived += r.at - before;
    return stored;
  }

  /** Reads REPAIR, SKIP or BLOCKED. */
  steer(type: number, r: Reader, trip: number): void {
    if (type === REPAIR) return this.repair(r);
    const { prompt } = this;
    const of = this.of(r.channel()) as FullReceiver;
    this.prompt = prompt;
    const first = r.u32();
    if (type === BLOCKED) of.blocked(this.c.now, first, trip);
    else of.skip(first, r.count(maxNamed), r);
  }

  private repair(r: Reader): void {
    const { sum, prompt } = this;
    readRepair(r, sum);
    const bytes = r.take(sum.length);
    const of = this.of(sum.channel) as FullReceiver;
    this.prompt = prompt;
    want(sum.channel > 0);
    const newest = of.expandSum(sum.newest);
    want(!of.reliable || newest < of.lowest + maxOpen);
    if (!this.rebuilders) return this.want(of, newest, sum.mask);
    const { now } = this.c;
    this.rebuilders.repair(now, sum.channel, of, newest, sum.row, sum.mask, bytes);
    expireLater(this.c, this.rebuilders.expire(now));
  }

  /** Asks for what rebuilds, if one of the messages in a sum is missing. */
  private want(of: FullReceiver, newest: number, mask: number): void {
    for (let i = 0; i < 32; i++)
      if ((mask >>> i) & 1 && !of.resolved(newest - i)) return this.c.cfg.needs("repair");
  }

  expire(now: number): void {
    for (const r of this.receivers.values()) r.expire(now);
    if (this.rebuilders) expireLater(this.c, this.rebuilders.expire(now));
  }
}

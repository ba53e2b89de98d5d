import {
  DROPPABLE,
  GROUP,
  KEYED,
  WINDOW,
  appendLimit,
  nearest,
  want,
  WireError,
  type Key,
  type Reader,
  type Run,
} from "../wire/first.js";
import { messageCharge } from "./constants.js";
import { type Common } from "./common.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { Credit } from "./credit.js";
import { type Builder, type Item } from "./packet.js";
import { type Fate } from "./path.js";
import { Ring } from "./ring.js";

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

/**
 * A Receiver is the incoming half of a channel. What is complete and in its place waits in ready. This one takes
 * whole messages in their turn, as all come that nothing overtakes; a {@link FullReceiver} takes them, and parts
 * of them, as they come.
 */
export class Receiver {
  readonly ready = new Ring<Uint8Array>();
  readonly reliable: boolean;
  /** Messages that were ready, and bytes of frames. */
  delivered = 0;
  bytesReceived = 0;
  credit: Credit;
  /** The lowest id that is missing (reliable deliveries); one more than the newest seen (the others). */
  lowest = 0;
  next = 0;

  protected untaken = 0; // charges of what is in ready
  protected held = 0; // bytes that the deliveries which may drop keep
  protected head = new Head();

  constructor(
    protected c: Common,
    readonly cfg: Channel,
    protected owe: () => void,
  ) {
    this.reliable = isReliable(cfg.delivery);
    this.credit = new Credit(c, cfg);
  }

  /** Reads the messages of a run; false: one of them cannot be stored now. */
  run(run: Run, r: Reader): boolean {
    const { head: h } = this;
    const unreliable = this.cfg.delivery === Delivery.unreliable;
    const ids = run.first >= 0;
    want(unreliable || ids);
    this.begin(h, run.options, undefined, run.index);
    h.copied = unreliable && ids;
    if (ids) h.id = this.expand(run.first, run.wide, h.copied);
    if (!unreliable) this.note(h.id + run.count - 1);
    h.first = h.id - run.back;
    want(h.first >= 0);
    for (let n = run.count; n > 0; n--) {
      if (h.options & KEYED) h.key = r.exact();
      const length = r.atMost(this.cfg.largest);
      const start = r.skip(length);
      if (!this.arrived(h, r.bytes.slice(start, r.at))) return false;
      if (h.options & DROPPABLE) h.index++;
      else if (++h.id && !(h.options & GROUP)) h.first = h.id;
    }
    return true;
  }

  protected begin(h: Head, options: number, key: Key | undefined, index: number): void {
    const { delivery, id } = this.cfg;
    const legal =
      options & KEYED ? isLatest(delivery) : delivery === Delivery.reliableOrdered && id > 0;
    want(options === 0 || legal);
    h.options = options;
    h.key = key;
    h.index = index;
    h.id = h.first = 0;
  }

  /** Rebuilds an id. */
  protected expand(low: number, wide: boolean, _copied = false): number {
    return nearest(this.reliable ? this.lowest : this.next, low, wide ? 32 : 16);
  }

  protected note(id: number): void {
    if (!this.reliable && id >= this.next) this.next = id + 1;
  }

  /** Takes a whole message, which is its own from here on; false: it is not in its turn. */
  protected arrived(h: Head, bytes: Uint8Array): boolean {
    if (this.reliable) {
      if (droppable(h) || h.id > this.lowest) return false;
      if (h.id < this.lowest) return true;
      this.lowest++;
      this.credit.start(bytes.length + messageCharge);
      this.deliver(bytes);
    } else {
      this.deliverLoose(bytes);
    }
    return true;
  }

  deliver(bytes: Uint8Array): void {
    this.ready.push(bytes);
    this.untaken += bytes.length + messageCharge;
    this.delivered++;
  }

  protected deliverLoose(bytes: Uint8Array): void {
    this.makeRoom(bytes.length + messageCharge);
    this.held += bytes.length + messageCharge;
    this.deliver(bytes);
  }

  /** Drops the oldest of what an unreliable channel keeps until bytes more fit. */
  protected makeRoom(bytes: number): void {
    while (this.held + bytes > this.cfg.windowBytes && this.ready.length > 0) {
      const charge = this.ready.shift()!.length + messageCharge;
      this.held -= charge;
      this.untaken -= charge;
      this.c.stats.messagesOverflowed++;
    }
  }

  /** Returns the charge of a message. */
  protected giveBack(length: number): void {
    if (this.credit.giveBack(length + messageCharge)) this.owe();
  }

  /** Takes a message out that waits for the game. */
  take(): Uint8Array | undefined {
    const bytes = this.ready.length > 0 && this.ready.shift();
    if (!bytes) return undefined;
    this.untaken -= bytes.length + messageCharge;
    if (this.reliable) this.taken(bytes);
    else this.held -= bytes.length + messageCharge;
    const { compression, maxMessageBytes } = this.cfg;
    if (!compression) return bytes;
    try {
      return compression.open(bytes, maxMessageBytes);
    } catch {
      throw new WireError();
    }
  }

  /** The game has a message of a reliable delivery. */
  protected taken(bytes: Uint8Array): void {
    this.giveBack(bytes.length);
  }

  /** Whether there is something to say. */
  get owes(): boolean {
    return this.credit.due;
  }

  /** Appends it, as far as there is room. */
  write(b: Builder): void {
    if (!this.credit.due || b.room < 8) return;
    appendLimit(b.w, WINDOW, this.cfg.id, this.credit.announce(b.now));
    b.carry(WINDOW, this);
  }

  settled(_item: Item, _fate: Fate): void {}
}

export function droppable(h: Readonly<Head>): boolean {
  return (h.options & DROPPABLE) > 0;
}

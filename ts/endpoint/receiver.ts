import { WINDOW, appendLimit, nearest, want, type Reader, type Run } from "../wire/first.js";
import { messageCharge } from "./constants.js";
import { type Common } from "./common.js";
import { Delivery, isReliable, type Channel } from "./config.js";
import { Credit } from "./credit.js";
import { type Builder, type Item } from "./packet.js";
import { type Fate } from "./path.js";
import { Ring } from "./ring.js";

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

  protected held = 0; // bytes that the deliveries which may drop keep

  constructor(
    protected c: Common,
    readonly cfg: Channel,
    protected owe: () => void,
  ) {
    this.reliable = isReliable(cfg.delivery);
    this.credit = new Credit(c, cfg);
  }

  /** Reads the messages of a run; false: one of them cannot be stored now. */
  run({ first, count }: Run, r: Reader): boolean {
    const { reliable, cfg } = this;
    const ids = first >= 0;
    const unreliable = cfg.delivery === Delivery.unreliable;
    want(unreliable || ids);
    if (cfg.compression || (unreliable && ids)) return false;
    for (let id = ids ? this.expand(first, false) : 0; count > 0; count--, id++) {
      const length = r.atMost(cfg.largest);
      const start = r.skip(length);
      if (reliable && id > this.lowest) return false;
      if (reliable && id < this.lowest) continue;
      if (reliable) this.lowest++;
      else if (ids) this.next = Math.max(this.next, id + 1);
      const bytes = r.bytes.slice(start, r.at);
      if (reliable) this.credit.start(length + messageCharge);
      else this.admit(length + messageCharge);
      const { ready } = this;
      if (cfg.delivery === Delivery.reliableLatest && ready.length > 0) this.giveBack(ready.shift()!.length);
      this.deliver(bytes);
    }
    return true;
  }

  /** Rebuilds an id. */
  protected expand(low: number, wide: boolean): number {
    return nearest(this.reliable ? this.lowest : this.next, low, wide ? 32 : 16);
  }

  deliver(bytes: Uint8Array): void {
    this.ready.push(bytes);
    this.delivered++;
  }

  /** Has room for what an unreliable channel keeps. */
  protected admit(bytes: number): void {
    this.makeRoom(bytes);
    this.held += bytes;
  }

  /** Drops the oldest of what an unreliable channel keeps until bytes more fit. */
  protected makeRoom(bytes: number): void {
    while (this.held + bytes > this.cfg.windowBytes && this.ready.length > 0) {
      this.held -= this.ready.shift()!.length + messageCharge;
      this.c.stats.messagesOverflowed++;
    }
  }

  /** Returns the charge of a message. */
  protected giveBack(length: number): void {
    if (this.credit.giveBack(length + messageCharge)) this.owe();
  }

  /** Takes a message out that waits for the game. */
  take(): Uint8Array | undefined {
    const bytes = this.ready.shift();
    if (!bytes) return undefined;
    if (this.reliable) this.taken(bytes);
    else this.held -= bytes.length + messageCharge;
    return bytes;
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

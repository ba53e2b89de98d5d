import {
  DROPPABLE,
  GROUP,
  KEYED,
  WINDOW,
  appendLimit,
  nearest,
  want,
  WireError,
  type Fragment,
  type Key,
  type Reader,
  type Run,
} from "../wire/index.js";
import { messageCharge } from "./constants.js";
import { type Common } from "./common.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { Credit } from "./credit.js";
import { type Builder, type Item } from "./packet.js";
import { Head, Partial } from "./partial.js";
import { type Fate } from "./path.js";
import { Ring } from "./ring.js";

export const keyHorizon = 1 << 14;
const manyKeys = 256;
export const maxStored = 64;

/**
 * A Receiver is the incoming half of a channel. What is complete and in its place waits in ready. This one takes
 * what comes in its turn, as all does that nothing overtakes; a {@link FullReceiver} takes it as it comes.
 */
export class Receiver {
  readonly ready = new Ring<Uint8Array>();
  readonly reliable: boolean;
  credit: Credit;
  /** Ids to confirm by STORED. */
  readonly stored: number[] = [];
  /** The lowest id that is missing (reliable deliveries); one more than the newest seen (the others). */
  lowest = 0;
  next = 0;

  protected partial: Partial | undefined = undefined; // the message of which the last fragment came
  protected newest = new Map<Key | undefined, number>(); // Latest: the newest id of a key
  private tidyAt = 0; // many keys are looked through at this id
  private places = new Map<Key | undefined, number>(); // ReliableLatest: where its value waits in ready
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

  /** Whether it may be lost, so that it comes once. */
  protected isLoose(h: Readonly<Head>): boolean {
    return !this.reliable || droppable(h);
  }

  /** Takes a whole message, which is its own from here on; false: it comes too early. */
  protected arrived(h: Head, bytes: Uint8Array): boolean {
    if (this.reliable) {
      if (h.id < this.lowest || droppable(h)) return true;
      if (h.id > this.lowest || this.partial) return false;
      this.credit.start(bytes.length + messageCharge);
    }
    this.complete(h, bytes);
    return true;
  }

  /** Hands a whole message on, as the delivery has it. */
  protected complete(h: Head, bytes: Uint8Array): void {
    if (!this.reliable) {
      if (this.cfg.delivery === Delivery.unreliableLatest) this.noteKey(h);
      this.makeRoom(bytes.length + messageCharge);
      this.held += bytes.length + messageCharge;
      this.deliver(bytes);
    } else if (this.cfg.delivery === Delivery.reliableLatest) {
      this.deliverLatest(h, bytes);
      this.resolve(h.id);
    } else {
      this.place(h, bytes);
    }
  }

  /** Hands a message of a reliable delivery on in its place. */
  protected place(h: Head, bytes: Uint8Array): void {
    this.deliver(bytes);
    this.resolve(h.id);
  }

  /** Notes that nothing more is expected under an id. */
  protected resolve(_id: number): void {
    this.lowest++;
  }

  deliver(bytes: Uint8Array): void {
    this.ready.push(bytes);
    this.untaken += bytes.length + messageCharge;
    this.c.stats.messagesReceived++;
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

  private noteKey(h: Head): void {
    const { newest } = this;
    newest.set(h.key, h.id + 1);
    if (newest.size < manyKeys || h.id < this.tidyAt) return;
    this.tidyAt = h.id + keyHorizon;
    for (const [key, place] of this.places) if (place < this.ready.base) this.places.delete(key);
    for (const [key, id] of newest) {
      if (id + keyHorizon < this.next && !this.places.has(key)) newest.delete(key);
    }
  }

  /** Shows a value of ReliableLatest; one that waits makes place for it. */
  protected deliverLatest(h: Head, bytes: Uint8Array): void {
    if (h.id >= this.next) this.next = h.id + 1;
    this.noteKey(h);
    const place = this.places.get(h.key);
    const old = place === undefined ? undefined : this.ready.at(place);
    if (!old) {
      this.places.set(h.key, this.ready.end);
      this.deliver(bytes);
      return;
    }
    this.c.stats.messagesStale++;
    this.giveBack(old.length);
    this.untaken += bytes.length - old.length;
    this.ready.put(place!, bytes);
  }

  /** Returns the charge of a message. */
  protected giveBack(length: number): void {
    if (this.credit.giveBack(length + messageCharge)) this.owe();
  }

  /** Takes a fragment; false: it cannot be stored now. */
  fragment(now: number, f: Fragment, r: Reader): boolean {
    const start = r.skip(f.length);
    want(Math.max(f.offset + f.length, f.total) <= this.cfg.largest);
    const { head: h } = this;
    this.begin(h, f.options, f.options & KEYED ? f.key : undefined, f.index);
    h.copied = false;
    h.id = this.expand(f.id, f.wide);
    h.first = h.id - f.back;
    want(h.first >= 0);
    want(this.isLoose(h) || !f.stored);
    this.note(h.id);
    return this.piece(now, h, f, r.bytes, start);
  }

  /** Takes the bytes of a fragment that begin at a place. */
  protected piece(now: number, h: Head, f: Fragment, bytes: Uint8Array, start: number): boolean {
    const { reliable } = this;
    if (droppable(h) || (reliable && h.id < this.lowest)) return true;
    if (reliable && h.id > this.lowest) return false;
    let p = this.partial;
    if (f.offset === 0 && p?.head.id !== h.id) {
      p = this.partial = new Partial({ ...h }, now);
      if (reliable) this.credit.start(messageCharge);
    }
    if (p?.head.id !== h.id || p.got !== f.offset) return !reliable;
    p.matches(h);
    p.stored ||= f.stored;
    const more = p.learn(f.offset, f.length, f.total);
    if (reliable) this.credit.start(more);
    p.add(f.offset, bytes, start, f.length);
    const whole = p.whole();
    if (!whole) return true;
    this.partial = undefined;
    if (p.stored) this.confirm(h);
    this.complete(h, whole);
    return true;
  }

  /** Has STORED said of a message. */
  protected confirm(h: Readonly<Head>): void {
    const id = droppable(h) ? (h.id & 0xffff) | (h.index << 16) : h.id % 2 ** 32;
    if (this.stored.length >= maxStored) this.stored.shift();
    this.stored.push(id >>> 0);
    this.owe();
  }

  /** Takes a message out that waits for the game. */
  take(): Uint8Array | undefined {
    if (this.ready.length === 0) return undefined;
    const bytes = this.ready.shift()!;
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
  write(b: Builder, trip: number): void {
    if (!this.credit.due || b.room < 8) return;
    appendLimit(b.w, WINDOW, this.cfg.id, this.credit.announce(b.now, trip));
    b.carry(WINDOW, this);
  }

  settled(_item: Item, _fate: Fate): void {}
}

export function droppable(h: Readonly<Head>): boolean {
  return (h.options & DROPPABLE) > 0;
}

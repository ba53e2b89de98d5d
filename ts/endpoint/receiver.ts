import {
  DROPPABLE,
  GROUP,
  KEYED,
  REBUILT,
  STORED,
  WINDOW,
  appendHead,
  appendLimit,
  appendRebuilt,
  nearest,
  want,
  WireError,
  type Fragment,
  type Key,
  type Reader,
  type Run,
} from "../wire/index.js";
import { maxOpen, messageCharge, second } from "./constants.js";
import { type Common } from "./common.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { Credit } from "./credit.js";
import { Order } from "./order.js";
import { type Builder, type Item } from "./packet.js";
import { Head, Partial } from "./partial.js";
import { type Fate } from "./path.js";
import { Ring } from "./ring.js";
import { type Symbol } from "./symbol.js";
import { Window } from "./window.js";

const maxPartials = 64;
const partialSpan = 1024; // newer ids that an unfinished unreliable message outlives
const partialLife = second;
const keyHorizon = 1 << 14;
const manyKeys = 256;
const maxStored = 64;

/** Hears of each whole message with an id of its own: who solves sums of messages (SPEC.md, 6.9) wants to know them. */
export type Saw = (channel: number, h: Readonly<Head>, bytes: Uint8Array) => void;

/** A Receiver is the incoming half of a channel. What is complete and in its place waits in ready. */
export class Receiver {
  readonly ready = new Ring<Uint8Array>();
  readonly reliable: boolean;
  readonly credit: Credit;
  /** Ids to confirm by STORED, and by REBUILT. */
  readonly stored: number[] = [];
  readonly rebuiltIds: number[] = [];
  /** The lowest id that is missing (reliable deliveries); one more than the newest seen (the others). */
  lowest = 0;
  next = 0;

  private above = new Set<number>(); // ids above lowest that are resolved
  private unfinished = new Map<number, Partial>();
  private loose: Partial[] = []; // those that may be dropped, the oldest first
  private copied: Window | undefined; // Unreliable: ids of whole messages that came, and of fragmented ones
  private fragmented: Window | undefined;
  private newest = new Map<Key | undefined, number>(); // Latest: the newest id of a key
  private tidyAt = 0; // many keys are looked through at this id
  private places = new Map<Key | undefined, number>(); // ReliableLatest: where its value waits in ready
  private untaken = 0; // charges of what is in ready
  private held = 0; // bytes that the deliveries which may drop keep
  private order: Order | undefined;
  private head = new Head();

  constructor(
    private c: Common,
    readonly cfg: Channel,
    private owe: () => void,
    private saw: Saw,
  ) {
    this.reliable = isReliable(cfg.delivery);
    this.credit = new Credit(c, cfg);
    if (cfg.delivery === Delivery.reliableOrdered) this.order = new Order(c, cfg, this);
  }

  /** Reads the messages of a run. */
  run(run: Run, r: Reader): void {
    const { head: h } = this;
    this.begin(h, run.options, undefined, run.index);
    const unreliable = this.cfg.delivery === Delivery.unreliable;
    want(unreliable || run.first >= 0);
    const copy = unreliable && run.first >= 0;
    if (run.first >= 0) h.id = this.expand(run.first, run.wide, copy);
    if (!unreliable) this.note(h.id + run.count - 1);
    h.first = h.id - run.back;
    want(h.first >= 0);
    for (let n = run.count; n > 0; n--) {
      if (h.options & KEYED) h.key = r.exact();
      const length = r.atMost(this.cfg.largest);
      const start = r.skip(length);
      const bytes = r.bytes.slice(start, r.at);
      this.arrived(h, bytes, copy);
      if (h.options & DROPPABLE) h.index++;
      else if (++h.id && !(h.options & GROUP)) h.first = h.id;
    }
  }

  private begin(h: Head, options: number, key: Key | undefined, index: number): void {
    const { delivery, id } = this.cfg;
    const keyed = (options & KEYED) !== 0;
    const legal = keyed ? isLatest(delivery) : delivery === Delivery.reliableOrdered && id > 0;
    want(options === 0 || legal);
    h.options = options;
    h.key = key;
    h.index = index;
    h.id = h.first = 0;
  }

  /** Rebuilds an id. */
  expand(low: number, wide: boolean, copy = false): number {
    const near = this.reliable ? this.lowest : copy ? (this.copied?.next ?? 0) : this.next;
    return nearest(near, low, wide ? 32 : 16);
  }

  private note(id: number): void {
    if (!this.reliable && id >= this.next) this.next = id + 1;
  }

  /** Takes a whole message, which is its own from here on. */
  arrived(h: Head, bytes: Uint8Array, copy = false): void {
    if (copy || this.cfg.delivery !== Delivery.unreliable) this.saw(this.cfg.id, h, bytes);
    if (copy && !this.firstCopy(h.id)) return;
    if (this.admits(h, bytes.length)) this.complete(h, bytes);
  }

  /** Whether a copied message of Unreliable is the first with its id. */
  private firstCopy(id: number): boolean {
    this.copied ??= new Window();
    if (!this.copied.fresh(id)) {
      this.c.stats.messagesDuplicate++;
      return false;
    }
    this.copied.mark(id);
    return true;
  }

  /** Whether the message of an id is known to have come, or not to come. */
  resolved(id: number): boolean {
    if (this.reliable) return id < this.lowest || this.above.has(id);
    return this.copied !== undefined && !this.copied.fresh(id);
  }

  /** Takes a message that was rebuilt, as if its RUN had come. */
  rebuilt(id: number, m: Symbol): void {
    const h = new Head();
    this.begin(h, m.options, m.key, 0);
    h.id = id;
    h.first = id - m.back;
    want(m.size <= this.cfg.largest);
    const copy = this.cfg.delivery === Delivery.unreliable;
    if (!copy) this.note(id);
    if (this.rebuiltIds.length < maxStored) this.rebuiltIds.push(id);
    this.owe();
    if (copy && !this.firstCopy(id)) return;
    if (!this.admits(h, m.size)) return;
    this.c.stats.messagesRebuilt++;
    this.complete(h, m.bytes.slice(0, m.size));
  }

  /** Whether a message is wanted that is complete with this; one of a reliable delivery is charged. */
  private admits(h: Head, length: number): boolean {
    const { stats } = this.c;
    if (this.cfg.delivery === Delivery.unreliable) return true;
    if (!this.reliable) {
      if (this.outdated(h)) stats.messagesStale++;
      return !this.outdated(h);
    }
    if (droppable(h)) return this.order!.wants(h);
    want(h.id < this.lowest + maxOpen);
    if (this.resolved(h.id)) {
      stats.messagesDuplicate++;
      return false;
    }
    const p = this.unfinished.get(h.id);
    if (p) {
      want(p.canBe(length));
      this.unfinished.delete(h.id);
      this.credit.start(-p.known - messageCharge); // the whole is charged instead
    }
    this.credit.start(length + messageCharge);
    return true;
  }

  /** Whether a newer value of the key came, or may have come so long ago that the key is forgotten. */
  private outdated(h: Head): boolean {
    return h.id < (this.newest.get(h.key) ?? 0) || h.id + keyHorizon < this.next;
  }

  /** Hands a whole message on, as the delivery has it. */
  private complete(h: Head, bytes: Uint8Array): void {
    switch (this.cfg.delivery) {
      case Delivery.unreliableLatest:
        this.noteKey(h);
        this.dropStale(h);
        return this.deliverLoose(bytes);
      case Delivery.unreliable:
        return this.deliverLoose(bytes);
      case Delivery.reliableLatest:
        this.deliverLatest(h, bytes);
        break;
      case Delivery.reliableUnordered:
        this.deliver(bytes);
        break;
      case Delivery.reliableOrdered:
        if (droppable(h)) return this.order!.droppable(h, bytes);
        this.order!.message(h, bytes);
    }
    this.resolve(h.id);
  }

  /** Notes that nothing more is expected under an id. */
  private resolve(id: number): void {
    if (id === this.lowest) this.lowest++;
    else this.above.add(id);
    while (this.above.size > 0 && this.above.delete(this.lowest)) this.lowest++;
    this.order?.moved();
  }

  deliver(bytes: Uint8Array): void {
    this.ready.push(bytes);
    this.untaken += bytes.length + messageCharge;
    this.c.stats.messagesReceived++;
  }

  private deliverLoose(bytes: Uint8Array): void {
    this.makeRoom(undefined, bytes.length + messageCharge);
    this.held += bytes.length + messageCharge;
    this.deliver(bytes);
  }

  /** Drops the oldest of what an unreliable channel keeps until bytes more fit, but not one that comes. */
  private makeRoom(keep: Partial | undefined, bytes: number): void {
    const { stats } = this.c;
    const over = () => this.held + bytes > this.cfg.windowBytes;
    while (over() && this.ready.length > 0) {
      const charge = this.ready.shift()!.length + messageCharge;
      this.held -= charge;
      this.untaken -= charge;
      stats.messagesOverflowed++;
    }
    for (let i = 0; over() && i < this.loose.length; ) {
      if (this.loose[i] === keep) i++;
      else this.dropLoose(i, "messagesOverflowed");
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

  /** Shows a value of ReliableLatest unless a newer one came; one that waits makes place for it. */
  private deliverLatest(h: Head, bytes: Uint8Array): void {
    if (h.id >= this.next) this.next = h.id + 1;
    if (this.outdated(h)) {
      this.c.stats.messagesStale++;
      this.giveBack(bytes.length);
      return;
    }
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
  giveBack(length: number): void {
    if (this.credit.giveBack(length + messageCharge)) this.owe();
  }

  /** Drops unfinished values that a newer one of their key has overtaken. */
  private dropStale(h: Head): void {
    for (let i = 0; i < this.loose.length; ) {
      const { id, key } = this.loose[i]!.head;
      if (id < h.id && key === h.key) this.dropLoose(i, "messagesStale");
      else i++;
    }
  }

  private dropLoose(i: number, counter: "messagesOverflowed" | "messagesStale" | "messagesExpired"): void {
    this.release(this.loose[i]!.held);
    this.loose.splice(i, 1);
    this.c.stats[counter]++;
  }

  private release(bytes: number): void {
    if (this.order) this.order.held -= bytes;
    else this.held -= bytes;
  }

  /** Takes a fragment; false: it cannot be stored now. */
  fragment(now: number, f: Fragment, r: Reader): boolean {
    const start = r.skip(f.length);
    const end = Math.max(f.offset + f.length, f.total);
    want(end <= this.cfg.largest);
    const { head: h } = this;
    this.begin(h, f.options, f.options & KEYED ? f.key : undefined, f.index);
    h.id = this.expand(f.id, f.wide);
    h.first = h.id - f.back;
    want(h.first >= 0);
    const loose = !this.reliable || droppable(h);
    want(loose || !f.stored);
    this.note(h.id);
    if (!this.wantsFragment(h)) return true;
    const p = this.partial(now, h, loose);
    p.matches(h);
    p.stored ||= f.stored;
    const more = p.learn(f.offset, f.length, f.total);
    if (!loose) this.credit.start(more);
    else if (!this.hold(p, more)) return true;
    if (p.scattered(f.offset, f.length)) return loose;
    p.add(f.offset, r.bytes, start, f.length);
    const bytes = p.whole();
    if (bytes) this.finish(p, bytes, loose);
    return true;
  }

  private wantsFragment(h: Head): boolean {
    switch (this.cfg.delivery) {
      case Delivery.unreliable:
        this.fragmented ??= new Window();
        return this.fragmented.fresh(h.id);
      case Delivery.unreliableLatest:
        if (this.outdated(h)) this.c.stats.messagesStale++;
        return !this.outdated(h);
    }
    if (droppable(h)) return this.order!.wants(h);
    want(h.id < this.lowest + maxOpen);
    return !this.resolved(h.id);
  }

  /** The unfinished message of a head, which may begin here. */
  private partial(now: number, h: Head, loose: boolean): Partial {
    let p = loose
      ? this.loose.find(({ head }) => head.id === h.id && head.index === h.index)
      : this.unfinished.get(h.id);
    if (p) return p;
    p = new Partial({ ...h }, now);
    if (!loose) {
      this.credit.start(messageCharge);
      this.unfinished.set(h.id, p);
      return p;
    }
    for (let i = 0; i < this.loose.length; ) {
      const { head } = this.loose[i]!;
      const old = droppable(head) ? this.order!.late(head) : head.id + partialSpan < this.next;
      if (old || this.loose.length >= maxPartials) this.dropLoose(i, "messagesExpired");
      else i++;
    }
    this.loose.push(p);
    this.c.expireLater(now + partialLife);
    this.hold(p, messageCharge);
    return p;
  }

  /** Makes room for bytes more of an unfinished message that may be dropped; false: it was. */
  private hold(p: Partial, bytes: number): boolean {
    if (!this.loose.includes(p)) return false;
    if (!this.order) {
      this.makeRoom(p, bytes);
      this.held += bytes;
    } else {
      for (let i = 0; this.order.full(bytes) && i < this.loose.length; ) {
        if (this.loose[i] === p) i++;
        else this.dropLoose(i, "messagesOverflowed");
      }
      if (!this.order.makeRoom(bytes)) {
        this.dropLoose(this.loose.indexOf(p), "messagesOverflowed");
        return false;
      }
      this.order.held += bytes;
    }
    p.held += bytes;
    return true;
  }

  private finish(p: Partial, bytes: Uint8Array, loose: boolean): void {
    const { head: h } = p;
    if (loose) {
      this.loose.splice(this.loose.indexOf(p), 1);
      this.release(p.held);
      if (p.stored) this.confirm(h);
      this.fragmented?.mark(h.id);
    } else {
      this.unfinished.delete(h.id);
    }
    if (this.cfg.delivery !== Delivery.unreliable) this.saw(this.cfg.id, h, bytes);
    this.complete(h, bytes);
  }

  private confirm(h: Head): void {
    const id = droppable(h) ? (h.id & 0xffff) | (h.index << 16) : h.id % 2 ** 32;
    if (this.stored.length >= maxStored) this.stored.shift();
    this.stored.push(id >>> 0);
    this.owe();
  }

  /** Reads which messages from an id on will not come. */
  skip(first: number, count: number, r: Reader): void {
    want(this.reliable);
    const { head: h } = this;
    this.begin(h, 0, undefined, 0);
    for (let id = this.expand(first, true); count > 0; count--, id++) {
      const length = r.atMost(this.cfg.largest);
      h.id = h.first = id;
      if (!this.admits(h, length)) continue;
      this.resolve(id);
      this.giveBack(length);
    }
  }

  /** Takes a message out that waits for the game. */
  take(): Uint8Array | undefined {
    if (this.ready.length === 0) return undefined;
    const bytes = this.ready.shift()!;
    const { length } = bytes;
    this.untaken -= length + messageCharge;
    if (!this.reliable) this.held -= length + messageCharge;
    else if (!this.order?.took(bytes)) this.giveBack(length);
    const { compression, maxMessageBytes } = this.cfg;
    if (!compression) return bytes;
    try {
      return compression.open(bytes, maxMessageBytes);
    } catch {
      throw new WireError();
    }
  }

  /** Drops what has been unfinished for too long. */
  expire(now: number): void {
    while (this.loose.length > 0 && now - this.loose[0]!.began >= partialLife) {
      this.dropLoose(0, "messagesExpired");
    }
    if (this.loose.length > 0) this.c.expireLater(this.loose[0]!.began + partialLife);
  }

  /** Whether WINDOW, STORED or REBUILT is to be said. */
  get owes(): boolean {
    return this.credit.due || this.stored.length > 0 || this.rebuiltIds.length > 0;
  }

  /** Appends them, as far as there is room. */
  write(b: Builder, trip: number): void {
    const { w } = b;
    const { id } = this.cfg;
    if (this.credit.due && b.room >= 8) {
      appendLimit(w, WINDOW, id, this.credit.announce(b.now, trip));
      b.carry(WINDOW, this);
    }
    while (this.stored.length > 0 && b.room >= 10) {
      const stored = this.stored.shift()!;
      appendHead(w, STORED, id);
      w.v(1);
      w.u32(stored);
      b.carry(STORED, this, undefined, stored);
    }
    while (this.rebuiltIds.length > 0 && b.room >= 10) {
      const newest = this.rebuiltIds.shift()!;
      appendRebuilt(w, id, newest, 1);
      b.carry(REBUILT, this, undefined, newest);
    }
  }

  settled(item: Item, fate: Fate): void {
    if (fate === "acked" || fate === "late") return;
    if (item.kind === WINDOW) this.credit.due = true;
    else if (fate === "lost") {
      (item.kind === STORED ? this.stored : this.rebuiltIds).push(item.from);
    }
    this.owe();
  }

  /** The peer's next message does not fit the credit. */
  blocked(now: number, wanted: number, trip: number): void {
    want(this.reliable);
    this.credit.blocked(now, wanted, trip, this.untaken);
    this.owe();
  }
}

function droppable(h: Readonly<Head>): boolean {
  return (h.options & DROPPABLE) !== 0;
}

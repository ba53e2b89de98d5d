import {
  DROPPABLE,
  GROUP,
  KEYED,
  REBUILT,
  STORED,
  WINDOW,
  appendHead,
  appendRebuilt,
  exactOf,
  nearest,
  want,
  WireError,
  type Fragment,
  type Key,
  type OptionRun,
  type Reader,
} from "../wire/index.js";
import { Window } from "../wire/window.js";
import { become } from "./become.js";
import { expireLater } from "./expiry.js";
import { maxOpen, messageCharge, second } from "./constants.js";
import { Delivery, isLatest } from "./config.js";
import { FullCredit } from "./credit_full.js";
import { Order } from "./order.js";
import { type Builder, type Item } from "./packet.js";
import { Partial } from "./partial.js";
import { came, type Fate } from "./path.js";
import { droppable, Head } from "./head.js";
import { Receiver } from "./receiver.js";
import { type Symbol } from "./symbol.js";

const keyHorizon = 1 << 14;
const manyKeys = 256;
const maxStored = 64;
const maxPartials = 64;
const partialSpan = 1024; // newer ids that an unfinished unreliable message outlives
const partialLife = second;

/** Hears of each whole message with an id of its own: who solves sums of messages (SPEC.md, 6.9) wants to know them. */
export type Saw = (channel: number, h: Readonly<Head>, bytes: Uint8Array) => void;

/** A FullReceiver takes messages, and parts of them, in whatever order they come, and however often. */
export class FullReceiver extends Receiver {
  declare credit: FullCredit;
  /** Ids to confirm by STORED, and by REBUILT. */
  stored!: number[];
  rebuiltIds!: number[];
  private head!: Head;
  private saw!: Saw;
  private above!: Set<number>; // ids above lowest that are resolved
  private unfinished!: Map<number, Partial>;
  private loose!: Partial[]; // those that may be dropped, the oldest first
  private copies: Window | undefined; // Unreliable: ids of whole messages that came, and of fragmented ones
  private fragmented: Window | undefined;
  private order: Order | undefined;
  private newest!: Map<Key | undefined, number>; // Latest: the newest id of a key
  private tidyAt!: number; // many keys are looked through at this id
  private places!: Map<Key | undefined, number>; // ReliableLatest: where its value waits in ready

  /** Has a receiver know all that. */
  static of(receiver: Receiver, saw: Saw): FullReceiver {
    FullCredit.of(receiver.credit);
    const r = become(receiver, FullReceiver, {
      stored: [],
      rebuiltIds: [],
      head: new Head(),
      newest: new Map(),
      tidyAt: 0,
      places: new Map(),
      saw,
      above: new Set(),
      unfinished: new Map(),
      loose: [],
      copies: undefined,
      fragmented: undefined,
      order: undefined,
    });
    if (r.ready.length > 0) r.places.set(undefined, r.ready.base); // as whose there is one at most
    if (r.cfg.delivery === Delivery.reliableOrdered) r.order = new Order(r.c, r.cfg, r);
    return r;
  }

  override run(run: OptionRun, r: Reader): boolean {
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
      if (h.options & KEYED) h.key = exactOf(r);
      const length = r.atMost(this.cfg.largest);
      const start = r.skip(length);
      this.arrived(h, r.bytes.slice(start, r.at));
      if (h.options & DROPPABLE) h.index++;
      else if (++h.id && !(h.options & GROUP)) h.first = h.id;
    }
    return true;
  }

  private begin(h: Head, options: number, key: Key | undefined, index: number): void {
    const { delivery, id } = this.cfg;
    const legal =
      options & KEYED ? isLatest(delivery) : delivery === Delivery.reliableOrdered && id > 0;
    want(options === 0 || legal);
    h.options = options;
    h.key = key;
    h.index = index;
    h.id = h.first = 0;
  }

  private note(id: number): void {
    if (!this.reliable && id >= this.next) this.next = id + 1;
  }

  /** Rebuilds an id. */
  override expand(low: number, wide: boolean, copied = false): number {
    if (copied) return nearest(this.copies?.next ?? 0, low, wide ? 32 : 16);
    return super.expand(low, wide);
  }

  /** The newest id of a sum: as that of a RUN, which on an Unreliable channel is one of copies. */
  expandSum(low: number): number {
    return this.expand(low, false, this.cfg.delivery === Delivery.unreliable);
  }

  /** Takes a whole message, which is its own from here on. */
  private arrived(h: Head, bytes: Uint8Array): void {
    if (h.copied || this.cfg.delivery !== Delivery.unreliable) this.saw(this.cfg.id, h, bytes);
    if (h.copied && !this.firstCopy(h.id)) return;
    if (this.admits(h, bytes.length)) this.complete(h, bytes);
  }

  /** Whether a copied message of Unreliable is the first with its id. */
  private firstCopy(id: number): boolean {
    const copies = (this.copies ??= new Window());
    const first = copies.fresh(id);
    if (first) copies.mark(id);
    else this.c.stats.messagesDuplicate++;
    return first;
  }

  /** Reads the key of a message. */
  get readKey() {
    return exactOf;
  }

  /** Whether the message of an id is known to have come, or not to come. */
  resolved(id: number): boolean {
    if (this.reliable) return id < this.lowest || this.above.has(id);
    return this.copies !== undefined && !this.copies.fresh(id);
  }

  /** Takes a message that was rebuilt, as if its RUN had come. */
  rebuilt(id: number, m: Symbol): void {
    const h = new Head();
    this.begin(h, m.options, m.key, 0);
    h.id = id;
    h.first = id - m.back;
    want(m.size <= this.cfg.largest);
    const copied = this.cfg.delivery === Delivery.unreliable;
    if (!copied) this.note(id);
    if (this.rebuiltIds.length < maxStored) this.rebuiltIds.push(id);
    this.owe();
    if (copied && !this.firstCopy(id)) return;
    if (!this.admits(h, m.size)) return;
    this.c.stats.messagesRebuilt++;
    this.complete(h, m.bytes.slice(0, m.size));
  }

  /** Whether a message is wanted that is complete with this; one of a reliable delivery is charged. */
  private admits(h: Head, length: number): boolean {
    if (!this.wants(h)) {
      if (this.reliable && !droppable(h)) this.c.stats.messagesDuplicate++;
      return false;
    }
    if (this.isLoose(h)) return true;
    const p = this.unfinished.get(h.id);
    if (p) {
      want(p.canBe(length));
      this.unfinished.delete(h.id);
      this.credit.start(-p.known - messageCharge); // the whole is charged instead
    }
    this.credit.start(length + messageCharge);
    return true;
  }

  /** Whether a message, or a part of it, is of use. */
  private wants(h: Head): boolean {
    if (this.cfg.delivery === Delivery.unreliable) return true;
    if (!this.reliable) {
      const late = this.outdated(h);
      if (late) this.c.stats.messagesStale++;
      return !late;
    }
    if (droppable(h)) return this.order!.wants(h);
    want(h.id < this.lowest + maxOpen);
    return !this.resolved(h.id);
  }

  /** Whether a newer value of the key came, or may have come so long ago that the key is forgotten. */
  private outdated(h: Head): boolean {
    return h.id < (this.newest.get(h.key) ?? 0) || h.id + keyHorizon < this.next;
  }

  /** Whether it may be lost, so that it comes once. */
  private isLoose(h: Readonly<Head>): boolean {
    return !this.reliable || droppable(h);
  }

  /** Hands a whole message on, as the delivery has it. */
  private complete(h: Head, bytes: Uint8Array): void {
    const { order } = this;
    const { delivery } = this.cfg;
    if (!this.reliable) {
      if (delivery === Delivery.unreliableLatest) {
        this.noteKey(h);
        this.dropStale(h);
      }
      this.admit(bytes.length + messageCharge);
      return this.deliver(bytes);
    }
    if (droppable(h)) return order!.droppable(h, bytes);
    if (order) order.message(h, bytes);
    else if (delivery === Delivery.reliableLatest) this.deliverLatest(h, bytes);
    else this.deliver(bytes);
    this.resolve(h.id);
  }

  /** Notes that nothing more is expected under an id. */
  private resolve(id: number): void {
    if (id === this.lowest) this.lowest++;
    else this.above.add(id);
    while (this.above.size > 0 && this.above.delete(this.lowest)) this.lowest++;
    this.order?.moved();
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
    const late = this.outdated(h);
    if (!late) this.noteKey(h);
    const place = late ? undefined : this.places.get(h.key);
    const old = late ? bytes : place === undefined ? undefined : this.ready.at(place);
    if (!old) {
      this.places.set(h.key, this.ready.end);
      return this.deliver(bytes);
    }
    this.c.stats.messagesStale++;
    this.giveBack(old.length);
    if (!late) this.ready.put(place!, bytes);
  }

  /** What is unfinished is dropped behind what waits, but not one that comes. */
  protected override makeRoom(bytes: number, keep?: Partial): void {
    super.makeRoom(bytes);
    if (this.loose.length === 0) return;
    this.dropLoose("messagesOverflowed", (p) => {
      return p !== keep && this.held + bytes > this.cfg.windowBytes;
    });
  }

  /** Drops those of the unfinished messages of which it is so. */
  private dropLoose(
    counter: "messagesOverflowed" | "messagesStale" | "messagesExpired",
    of: (p: Partial) => boolean,
  ): void {
    for (let i = 0; i < this.loose.length; ) {
      const p = this.loose[i]!;
      if (!of(p)) {
        i++;
        continue;
      }
      this.release(p);
      this.loose.splice(i, 1);
      this.c.stats[counter]++;
    }
  }

  private release(p: Partial): void {
    if (this.order) this.order.held -= p.held;
    else this.held -= p.held;
  }

  /** Drops unfinished values that a newer one of their key has overtaken. */
  private dropStale(h: Head): void {
    if (this.loose.length === 0) return;
    this.dropLoose("messagesStale", ({ head: { id, key } }) => id < h.id && key === h.key);
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
    const loose = this.isLoose(h);
    want(h.first >= 0 && (loose || !f.stored));
    this.note(h.id);
    if (this.cfg.delivery === Delivery.unreliable) {
      this.fragmented ??= new Window();
      if (!this.fragmented.fresh(h.id)) return true;
    }
    if (!this.wants(h)) return true;
    const p = this.partialOf(now, h, loose);
    p.matches(h);
    p.stored ||= f.stored;
    const more = p.learn(f.offset, f.length, f.total);
    if (!loose) this.credit.start(more);
    else if (!this.hold(p, more)) return true;
    if (p.scattered(f.offset, f.length)) return loose;
    p.add(f.offset, r.bytes, start, f.length);
    const whole = p.whole();
    if (whole) this.finish(p, whole, loose);
    return true;
  }

  /** The unfinished message of a head, which may begin here. */
  private partialOf(now: number, h: Head, loose: boolean): Partial {
    const known = loose
      ? this.loose.find(({ head }) => head.id === h.id && head.index === h.index)
      : this.unfinished.get(h.id);
    if (known) return known;
    const p = new Partial({ ...h }, now);
    if (!loose) {
      this.credit.start(messageCharge);
      this.unfinished.set(h.id, p);
      return p;
    }
    this.dropLoose("messagesExpired", ({ head }) => {
      const old = droppable(head) ? this.order!.late(head) : head.id + partialSpan < this.next;
      return old || this.loose.length >= maxPartials;
    });
    this.begun(p, now, messageCharge);
    return p;
  }

  /** Keeps an unfinished message that may be dropped. */
  private begun(p: Partial, now: number, bytes: number): void {
    this.loose.push(p);
    expireLater(this.c, now + partialLife);
    this.hold(p, bytes);
  }

  /** Makes room for bytes more of an unfinished message that may be dropped; false: it was. */
  private hold(p: Partial, bytes: number): boolean {
    const { order } = this;
    if (!this.loose.includes(p)) return false;
    if (order) {
      this.dropLoose("messagesOverflowed", (q) => q !== p && order.full(bytes));
      if (!order.makeRoom(bytes)) {
        this.dropLoose("messagesOverflowed", (q) => q === p);
        return false;
      }
      order.held += bytes;
    } else {
      this.makeRoom(bytes, p);
      this.held += bytes;
    }
    p.held += bytes;
    return true;
  }

  private finish(p: Partial, bytes: Uint8Array, loose: boolean): void {
    const { head: h } = p;
    if (loose) {
      this.loose.splice(this.loose.indexOf(p), 1);
      this.release(p);
      if (p.stored) this.confirm(h);
      this.fragmented?.mark(h.id);
    } else {
      this.unfinished.delete(h.id);
    }
    if (this.cfg.delivery !== Delivery.unreliable) this.saw(this.cfg.id, h, bytes);
    this.complete(h, bytes);
  }

  /** Has STORED said of a message. */
  private confirm(h: Readonly<Head>): void {
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

  override take(): Uint8Array | undefined {
    const bytes = super.take();
    const { compression, maxMessageBytes } = this.cfg;
    if (!bytes || !compression) return bytes;
    try {
      return compression.open(bytes, maxMessageBytes);
    } catch {
      throw new WireError();
    }
  }

  /** A droppable costs no credit. */
  protected override taken(bytes: Uint8Array): void {
    if (!this.order?.took(bytes)) super.taken(bytes);
  }

  /** Drops what has been unfinished for too long. */
  expire(now: number): void {
    if (this.loose.length === 0) return;
    this.dropLoose("messagesExpired", (p) => now - p.began >= partialLife);
    if (this.loose.length > 0) expireLater(this.c, this.loose[0]!.began + partialLife);
  }

  override get owes(): boolean {
    return super.owes || this.stored.length > 0 || this.rebuiltIds.length > 0;
  }

  override write(b: Builder): void {
    super.write(b);
    const { w } = b;
    const { id } = this.cfg;
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

  override settled(item: Item, fate: Fate): void {
    if (came(fate)) return;
    if (item.kind === WINDOW) this.credit.due = true;
    else if (fate === "lost") {
      (item.kind === STORED ? this.stored : this.rebuiltIds).push(item.from);
    }
    this.owe();
  }

  /** The charges of what waits for the game. */
  private untaken(): number {
    const { ready } = this;
    let sum = 0;
    for (let n = ready.base; n < ready.end; n++) sum += ready.at(n)!.length + messageCharge;
    return sum;
  }

  /** The peer's next message does not fit the credit. */
  blocked(now: number, wanted: number, trip: number): void {
    want(this.reliable);
    this.credit.blocked(now, wanted, trip, this.untaken());
    this.owe();
  }
}

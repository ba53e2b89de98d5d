import { BLOCKED, FRAGMENT, SKIP, appendLimit, nearest } from "../wire/index.js";
import { become } from "./become.js";
import { expireLater } from "./expiry.js";
import { type Bucket } from "./bucket.js";
import { DONE, FLYING, SKIPPING, maxOpen, never, second } from "./constants.js";
import { Delivery } from "./config.js";
import { type LossReason, type Stats } from "./event.js";
import { type Message } from "./message.js";
import { writeChannel } from "./pack.js";
import { type Builder, type Item } from "./packet.js";
import type { Class } from "./outbox_full.js";
import { came, type Fate } from "./path.js";
import { addRange } from "./ranges.js";
import { gap, gapEnd, removeRange } from "./ranges_full.js";
import { FullQueue } from "./queue_full.js";
import { Sender } from "./sender.js";
import type { Sums } from "./sums.js";

const storedWait = second;
const maxUnderway = 16 << 20;

/**
 * A FullSender sends again what was lost. A message of a reliable delivery that is given up is skipped before it
 * is done.
 */
export class FullSender extends Sender {
  declare readonly queue: FullQueue;
  /** What of its class it has been given, by weight. */
  served!: number;
  active!: boolean;
  /** Messages in open that are to be sent again. */
  resends!: number;
  /** The next id when the packet was begun that is made. */
  first!: number;
  /** Sums of what it sends, for a peer that reads them. */
  sums: Sums<Message> | undefined;
  /** The message whose first transmission is under way. */
  cutting: Message | undefined;
  /** The limits of the channel, its own and what the peer takes, and that of all channels. */
  bytes!: Bucket;
  messages!: Bucket;
  shared!: Bucket;

  private droppables!: Message[]; // that were started
  private beside!: Class; // that it belongs to
  private nextCut!: number; // of Unreliable: the id of the next one in fragments
  private expireAt!: number;
  private short!: boolean; // only credit was missing for the head
  private blockedFor!: number; // the limit that BLOCKED asked for last, -1 if it has to be said again; and when
  private blockedAt!: number;
  private underwayBytes!: number;
  private resendFrom!: number;
  private current!: number; // the group that was started last, and its first id
  private began!: number;
  private precedes!: number; // the id that the newest droppable precedes, and the next index there
  private index!: number;
  private newest!: Map<Message["key"], Message>; // ReliableLatest: the newest started
  private confirmable!: Map<number, Message>; // by what STORED calls them

  /** Has a sender know all that, with those of its class, and the limits that it has, and that it shares. */
  static of(sender: Sender, beside: Class, bytes: Bucket, none: Bucket): FullSender {
    FullQueue.of(sender.queue);
    const s = become(sender, FullSender, {
      droppables: [],
      beside,
      served: 0,
      active: false,
      resends: 0,
      first: 0,
      sums: undefined,
      cutting: undefined,
      nextCut: 0,
      bytes,
      messages: none,
      shared: none,
      expireAt: never,
      short: false,
      blockedFor: -1,
      blockedAt: -never,
      underwayBytes: 0,
      resendFrom: 0,
      current: 0,
      began: 0,
      precedes: 0,
      index: 0,
      newest: new Map(),
      confirmable: new Map(),
    });
    for (let id = s.open.base; s.reliable && id < s.open.end; id++) {
      const m = s.open.at(id)!;
      if (m.state === FLYING) s.begun(m);
    }
    s.expireLater(s.c.now);
    if (s.pending) s.enter();
    return s;
  }

  get id(): number {
    return this.cfg.id;
  }

  protected override activate(m: Message): void {
    if (m.expires < this.expireAt) this.expireLater(m.expires); // a call makes an object of each number
    this.enter();
  }

  /** Has its turn come among those that have something to send: time in which it had nothing is not made up for. */
  private enter(): void {
    if (this.active) return;
    const { beside } = this;
    if (beside.n > 0) this.served = Math.max(this.served, beside.all[0]!.served);
    this.active = true;
    beside.all[beside.n++] = this;
  }

  override head(now: number): Message | undefined {
    this.short = false;
    if (this.cutting) return undefined;
    while (this.queue.head && this.queue.head.expires <= now) this.queue.drop("expired");
    return super.head(now);
  }

  protected override mayStart(m: Message): boolean {
    if (!this.isLoose(m)) {
      const before = this.newest.get(m.key);
      if (before?.cut && before.state === FLYING) return false; // it is finished first
      const most = Math.max(maxUnderway, this.cfg.maxQueuedBytes);
      if (this.underwayBytes > 0 && this.underwayBytes + m.charge > most) return false;
      this.short = this.wanted(m) > this.limit;
    }
    return this.fits(m);
  }

  /** When the limits let a message go. */
  private mayAt(): number {
    return this.id === 0 ? -never : Math.max(this.shared.readyAt(), this.messages.readyAt());
  }

  /** Whether they do. */
  may(now: number): boolean {
    return this.mayAt() <= now;
  }

  /** Counts a message that goes; false: it may not now. */
  goes(now: number): boolean {
    if (!this.may(now)) return false;
    if (this.id > 0) {
      this.shared.spend(now, 1);
      this.messages.spend(now, 1);
    }
    return true;
  }

  /** Whether it may be lost, so that it goes once. */
  private isLoose(m: Message): boolean {
    return !this.reliable || m.droppable;
  }

  /** The limit that a message needs. */
  private wanted(m: Message): number {
    return this.started + m.charge;
  }

  /** Gives the message at the head its id, its group and its index; it has them for good when it is started. */
  assign(m: Message): void {
    const grouped = m.group > 0 && m.group === this.current;
    m.id = this.open.end;
    m.first = grouped ? this.began : m.id;
    if (m.droppable) m.index = m.id === this.precedes ? this.index : 0;
  }

  override start(): Message {
    const head = this.queue.head!;
    this.assign(head);
    const { first } = head;
    if (head.droppable) return this.startDroppable();
    const m = super.start();
    m.first = first;
    if (this.reliable) {
      this.current = m.group;
      this.began = first;
      this.begun(m);
    }
    return m;
  }

  private startDroppable(): Message {
    const m = this.queue.shift();
    m.state = FLYING;
    m.attempts = 1;
    m.slot = this.droppables.push(m) - 1;
    this.precedes = m.id;
    this.index = m.index + 1;
    return m;
  }

  protected override fits(m: Message): boolean {
    const started = m.droppable ? this.droppables : this.open;
    return started.length < maxOpen && (m.droppable || super.fits(m));
  }

  private begun(m: Message): void {
    this.underwayBytes += m.charge;
    if (this.cfg.delivery !== Delivery.reliableLatest) return;
    const before = this.newest.get(m.key);
    if (before) before.superseded = true;
    this.newest.set(m.key, m);
  }

  /** Starts the message at the head in fragments. */
  startCut(): void {
    const m = this.start();
    m.cut = true;
    if (this.cfg.delivery === Delivery.unreliable) m.index = this.nextCut++;
    if (this.isLoose(m) && m.receipt > 0) this.confirmable.set(this.storedId(m), m);
    this.cutting = m;
  }

  /** The id that a fragment says. */
  cutId(m: Message): number {
    return this.cfg.delivery === Delivery.unreliable ? m.index : m.id;
  }

  /** What STORED calls a message: SPEC.md, 6.6. */
  private storedId(m: Message): number {
    if (m.droppable) return ((m.id & 0xffff) | (m.index << 16)) >>> 0;
    return this.cutId(m) % 2 ** 32;
  }

  /** Whether an id goes in four bytes. */
  wide(id: number): boolean {
    return id - (this.reliable ? this.open.base : this.arrived) >= 1 << 14;
  }

  /** Whether a message is on its way, whole, and of use. */
  underway(m: Message): boolean {
    return m.state === FLYING && !m.cut && !m.superseded;
  }

  override settled(item: Item, fate: Fate, now: number): void {
    const { kind } = item;
    const m = item.message!;
    if (kind === BLOCKED) {
      if (fate === "lost") this.blockedFor = -1;
    } else if (kind === SKIP) {
      if (m.state !== SKIPPING) return;
      if (came(fate)) this.done(m);
      else this.wantResend(m);
    } else if (kind === FRAGMENT) {
      if (m.cut && m.state === FLYING) this.fragmentSettled(item, m, fate, now);
    } else if (came(fate)) {
      if (fate === "late") m.flying++; // that it is not in flight any more was counted
      super.settled(item, fate, now);
    } else {
      if (fate === "lost") m.flying--;
      if (m.state !== FLYING || m.resend || m.cut) return;
      if (fate === "repeat" ? this.repairs(m, m.attempts) : m.flying === 0) this.missed(m, m.attempts);
    }
  }

  private repairs(m: Message, attempts: number): boolean {
    return !this.isLoose(m) && !m.superseded && attempts < (this.cfg.maxAttempts || never);
  }

  /** What was sent so often did not arrive. */
  private missed(m: Message, attempts: number): void {
    if (this.repairs(m, attempts)) this.wantResend(m);
    else if (!this.isLoose(m)) this.giveUp(m, m.superseded ? "superseded" : "gave up");
    else this.looseLost(m, "not known");
  }

  private looseLost(m: Message, why: LossReason): void {
    this.lose(m, why);
    this.done(m);
  }

  private fragmentSettled({ from, to, attempt }: Item, m: Message, fate: Fate, now: number): void {
    if (came(fate)) {
      this.arrived = Math.max(this.arrived, this.cutId(m));
      addRange(m.acked, from, to);
      removeRange(m.lost, from, to);
      if (m.acked[0] === 0 && m.acked[1] === m.size) this.allArrived(m, now);
      else if (m.lost.length === 0) this.resent(m);
      return;
    }
    if (this.isLoose(m)) {
      if (fate === "lost") this.looseLost(m, "not known"); // the rest would be of no use
      return;
    }
    for (let at = gap(m.acked, from, to); at < to; at = gap(m.acked, gapEnd, to)) {
      addRange(m.lost, at, gapEnd);
    }
    if (m.lost.length === 0) return;
    m.attempts = Math.max(m.attempts, attempt + 1);
    if (fate === "lost" || this.repairs(m, attempt)) this.missed(m, attempt);
  }

  /** That all fragments of a loose message came does not mean that they were there at one time. */
  private allArrived(m: Message, now: number): void {
    if (!this.isLoose(m) || m.receipt === 0) return this.delivered(m);
    m.storedBy ||= now + storedWait;
    this.expireLater(m.storedBy);
  }

  /** The peer has a message that went in fragments; false: no such frame is legal here. */
  stored(id: number): boolean {
    if (this.reliable && this.cfg.delivery !== Delivery.reliableOrdered) return false;
    const m = this.confirmable.get(id);
    if (m) this.delivered(m);
    return true;
  }

  /** The peer has rebuilt a message. */
  rebuilt(newest: number, mask: number): void {
    const id = nearest(this.open.end, newest, 16);
    for (let i = 0; i < 32; i++) {
      if (!((mask >>> i) & 1)) continue;
      const m = this.open.at(id - i);
      if (m && (this.reliable || !m.cut)) this.delivered(m);
    }
  }

  private giveUp(m: Message, why: LossReason): void {
    this.lose(m, why);
    if (this.cutting === m) this.cutting = undefined;
    this.underwayBytes -= m.charge;
    m.state = SKIPPING;
    m.free();
    this.wantResend(m);
  }

  private wantResend(m: Message): void {
    if (m.resend) return;
    m.resend = true;
    if (this.resends === 0 || m.id < this.resendFrom) this.resendFrom = m.id;
    this.resends++;
    this.enter();
  }

  /** The lowest message that is to be sent again, or skipped. */
  nextResend(now: number): Message | undefined {
    if (this.resends === 0) return undefined;
    this.resendFrom = Math.max(this.resendFrom, this.open.base);
    for (; this.resendFrom < this.open.end; this.resendFrom++) {
      const m = this.open.at(this.resendFrom)!;
      if (!m.resend) continue;
      if (m.state === FLYING && m.superseded) this.giveUp(m, "superseded");
      if (m.state === FLYING && m.expires <= now) this.giveUp(m, "expired");
      return m;
    }
    this.resends = 0;
    return undefined;
  }

  /** It was sent again, or need not be. */
  resent(m: Message): void {
    if (m.resend) this.resends--;
    m.resend = false;
  }

  protected override done(m: Message): void {
    if (m.state === DONE) return;
    if (this.cutting === m) this.cutting = undefined;
    this.resent(m);
    if (m.cut && this.confirmable.get(this.storedId(m)) === m) {
      this.confirmable.delete(this.storedId(m));
    }
    if (!this.isLoose(m)) {
      if (m.state !== SKIPPING) this.underwayBytes -= m.charge;
      if (this.newest.get(m.key) === m) this.newest.delete(m.key);
    }
    super.done(m);
    if (m.droppable) this.dropped(m);
  }

  private dropped(m: Message): void {
    const last = this.droppables.pop()!;
    if (last !== m) {
      this.droppables[m.slot] = last;
      last.slot = m.slot;
    }
    this.unnamed(m);
  }

  private expireLater(at: number): void {
    this.expireAt = Math.min(this.expireAt, at);
    expireLater(this.c, at);
  }

  /** Ends what is of no use any more. */
  expire(now: number): void {
    const at = this.expireAt;
    this.expireAt = never;
    if (now < at) return this.expireLater(at);
    this.expireQueue(now);
    for (let id = this.open.base; id < this.open.end; id++) {
      const m = this.open.at(id);
      if (m?.state !== FLYING) continue;
      if (!this.reliable) this.expireLoose(m, now);
      else if (m.expires <= now) this.giveUp(m, "expired");
      else this.expireLater(m.expires);
    }
    for (let i = this.droppables.length; i-- > 0; ) this.expireLoose(this.droppables[i]!, now);
  }

  private expireQueue(now: number): void {
    const { queue } = this;
    for (let n = queue.length; n > 0; n--) {
      if (queue.head!.expires <= now) {
        queue.drop("expired");
        continue;
      }
      this.expireLater(queue.turn().expires);
    }
  }

  /** Of what went whole the packet decides. */
  private expireLoose(m: Message, now: number): void {
    const at = m.storedBy || (m === this.cutting ? m.expires : never);
    if (at <= now) this.looseLost(m, m.storedBy ? "not known" : "expired");
    else this.expireLater(at);
  }

  get stats(): Stats {
    return this.c.stats;
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.queue.length + this.open.length + this.droppables.length === 0;
  }

  /** Whether more waits. */
  get more(): boolean {
    return this.queue.length > 0 || this.cutting !== undefined;
  }

  /** Whether there is more to send than went. */
  get pending(): boolean {
    return this.resends > 0 || this.more;
  }

  /** When it has something to send that may go; -Infinity: now. */
  sendAt(now: number): number {
    const wants = this.resends > 0 || this.cutting || this.head(now);
    const at = wants ? Math.max(this.bytes.readyAt(), this.mayAt()) : never;
    return Math.min(at, this.blockedDue(now));
  }

  /** When BLOCKED is to be said: at once for another limit than last time, else each second. */
  private blockedDue(now: number): number {
    if (!this.reliable || this.cutting || this.head(now) || !this.short) return never;
    const wanted = this.wanted(this.queue.head!);
    return wanted === this.blockedFor ? this.blockedAt + second : -never;
  }

  /** BLOCKED goes whatever the limits say, and what was lost goes first. */
  override write(b: Builder): void {
    const before = b.w.at;
    if (b.now >= this.blockedDue(b.now) && b.room >= 8) {
      this.blockedFor = this.wanted(this.queue.head!);
      this.blockedAt = b.now;
      appendLimit(b.w, BLOCKED, this.id, this.blockedFor);
      b.carry(BLOCKED, this);
    }
    if (Math.max(this.bytes.readyAt(), this.mayAt()) <= b.now) writeChannel(this, b);
    const n = b.w.at - before;
    if (n === 0) return;
    this.bytesSent += n;
    this.served += n / (this.cfg.weight || 1);
    this.bytes.spend(b.now, n);
  }

  override abandon(): number {
    this.resends = 0;
    this.cutting = undefined;
    let n = super.abandon();
    for (const m of this.droppables) n += this.end(m);
    this.droppables.length = 0;
    return n;
  }
}

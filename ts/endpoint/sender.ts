import { BLOCKED, DROPPABLE, FRAGMENT, GROUP, KEYED, nearest, RUN, SKIP, type Key } from "../wire/index.js";
import { DONE, FLYING, SKIPPING, maxOpen, messageCharge, never, second } from "./constants.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { Bucket } from "./bucket.js";
import { type Common } from "./common.js";
import { SendError, type LossReason, type Stats } from "./event.js";
import { type Message } from "./message.js";
import { type Item } from "./packet.js";
import { type Fate } from "./path.js";
import { Queue } from "./queue.js";
import { Ring } from "./ring.js";
import type { Sums } from "./sums.js";

const storedWait = second;
const maxUnderway = 16 << 20;

/** SendOptions say how one message is to be sent. */
export interface SendOptions {
  /** Asks for an event delivered or lost about it. */
  receipt?: boolean;
  /** How long it is of use, in microseconds; 0: for ever, negative: it is not any more. */
  ttl?: number;
  /** Of the Latest deliveries: the value of which of many it is. */
  key?: Key;
  /** Of reliableOrdered: messages in a row with the same number, not 0, may overtake each other. */
  group?: number;
  /** Of reliableOrdered: it is sent once, and arrives in its place or not at all. */
  droppable?: boolean;
}

/** What a Sender needs of the outbox. */
export interface Receipts {
  issue(): number;
  tell(channel: number, receipt: number, why: LossReason | undefined): void;
  activate(s: Sender): void;
}

/**
 * A Sender is the outgoing half of a channel. A message waits in queue, is started when the first of it is
 * sent, and done when its fate is known; one of a reliable delivery that is given up is skipped before.
 */
export class Sender {
  readonly queue: Queue;
  /** Reliable deliveries: what was started, by id. */
  readonly open = new Ring<Message>();
  /** The other deliveries, and droppables: what was started. */
  readonly loose: Message[] = [];
  readonly reliable: boolean;
  readonly stats: Stats;
  /** Messages in open that are to be sent again. */
  resends = 0;
  /** The message whose first transmission is under way. */
  cutting: Message | undefined;
  /** Sums of charges: started, and allowed. */
  started = 0;
  limit = 0;
  /** The limit that BLOCKED asked for last, -1 if it has to be said again; and when. */
  blockedFor = -1;
  blockedAt = -never;
  /** Unreliable deliveries: the next id, that of fragmented ones, and the newest that is known to have arrived. */
  nextId = 0;
  nextCut = 0;
  arrived = 0;
  /** What of its class it has been given, by weight. */
  served = 0;
  active = false;
  /** The next id when the packet was begun that is made. */
  first = 0;
  /** Sums of what it sends, for a peer that reads them. */
  sums: Sums<Message> | undefined;
  /** The limits of the channel, its own and what the peer takes. */
  bytes: Bucket;
  messages: Bucket;

  private underwayBytes = 0;
  private resendFrom = 0;
  private expireAt = never;
  private newest = new Map<Key | undefined, Message>(); // ReliableLatest: the newest started
  private confirmable = new Map<number, Message>(); // by what STORED calls them
  private group = 0; // of the game, that of the message sent last
  private groups = 0;
  private current = 0; // the group that was started last, and its first id
  private began = 0;
  private precedes = 0; // the id that the newest droppable precedes, and the next index there
  private index = 0;

  constructor(
    private c: Common,
    readonly cfg: Channel,
    private out: Receipts,
    /** The senders of its class that have something to send. */
    readonly beside: Sender[],
  ) {
    this.bytes = new Bucket(c.now, cfg.bytesPerSecond);
    this.messages = new Bucket(c.now, 0);
    this.reliable = isReliable(cfg.delivery);
    this.stats = c.stats;
    this.queue = new Queue(c, cfg, (receipt, why) => this.lose(receipt, why));
  }

  /** Takes a message; its receipt, 0 if none is wanted. */
  send(bytes: Uint8Array, o: SendOptions): number {
    this.check(bytes, o);
    const prefix = this.cfg.compression ? 1 : 0;
    const key = typeof o.key === "bigint" && o.key < 2n ** 53n ? Number(o.key) : o.key;
    if (!this.queue.makeRoom(key, bytes.length + prefix + messageCharge)) {
      const receipt = o.receipt ? this.out.issue() : 0;
      this.lose(receipt, "dropped");
      return receipt;
    }
    const m = this.queue.add(key, bytes, prefix);
    m.options =
      (key === undefined ? 0 : KEYED) |
      (o.group ? GROUP : 0) |
      (o.droppable ? DROPPABLE : 0);
    if (o.group && o.group !== this.group) this.groups++;
    this.group = o.group ?? 0;
    m.group = o.group ? this.groups : 0;
    if (o.ttl) {
      m.expires = this.c.now + o.ttl;
      this.expireLater(m.expires);
    }
    if (o.receipt) m.receipt = this.out.issue();
    this.stats.messagesSent++;
    this.out.activate(this);
    return m.receipt;
  }

  private check(bytes: Uint8Array, o: SendOptions): void {
    const { id, delivery, maxMessageBytes } = this.cfg;
    if (bytes.length > maxMessageBytes) {
      throw new SendError(id, "too large", "maxMessageBytes", bytes.length, maxMessageBytes);
    }
    if (o.key !== undefined && !isLatest(delivery)) throw new SendError(id, "option", "key");
    if (delivery === Delivery.reliableOrdered) return;
    if (o.group) throw new SendError(id, "option", "group");
    if (o.droppable) throw new SendError(id, "option", "droppable");
  }

  private lose(receipt: number, why: LossReason): void {
    this.stats.messagesLost++;
    if (receipt > 0) this.out.tell(this.cfg.id, receipt, why);
  }

  /** The message that may be started now. {@link short} says whether only credit is missing. */
  head(now: number): Message | undefined {
    this.short = false;
    if (this.cutting) return undefined;
    for (;;) {
      const m = this.queue.head;
      if (!m || m.expires > now) return m && this.mayStart(m) ? m : undefined;
      this.queue.drop("expired");
    }
  }

  short = false;

  private mayStart(m: Message): boolean {
    if (!this.reliable || m.droppable) return this.loose.length < maxOpen;
    if (this.open.length >= maxOpen) return false;
    if (this.cfg.delivery === Delivery.reliableLatest) {
      const before = this.newest.get(m.key);
      if (before?.cut && before.state === FLYING) return false; // it is finished first
    }
    const most = Math.max(maxUnderway, this.cfg.maxQueuedBytes);
    if (this.underwayBytes > 0 && this.underwayBytes + m.charge > most) return false;
    this.short = this.wanted(m) > this.limit;
    return !this.short;
  }

  /** The limit that a message needs. */
  wanted(m: Message): number {
    return this.started + m.charge;
  }

  /** Gives the message at the head its id, its group and its index; it has them for good when it is started. */
  assign(m: Message): void {
    m.id = this.reliable ? this.open.end : this.nextId;
    m.first = m.group > 0 && m.group === this.current ? this.began : m.id;
    if (m.droppable) m.index = m.id === this.precedes ? this.index : 0;
  }

  /** Starts the message at the head. */
  start(): Message {
    const m = this.queue.shift();
    this.assign(m);
    m.state = FLYING;
    m.attempts = 1;
    if (!this.reliable) this.nextId++;
    if (!this.reliable || m.droppable) {
      m.slot = this.loose.push(m) - 1;
      this.precedes = m.id;
      this.index = m.index + 1;
      return m;
    }
    this.open.push(m);
    this.started += m.charge;
    this.underwayBytes += m.charge;
    this.current = m.group;
    this.began = m.first;
    if (this.cfg.delivery === Delivery.reliableLatest) {
      const before = this.newest.get(m.key);
      if (before) before.superseded = true;
      this.newest.set(m.key, m);
    }
    return m;
  }

  /** Starts the message at the head in fragments. */
  startCut(): Message {
    const m = this.start();
    m.cut = true;
    if (this.cfg.delivery === Delivery.unreliable) m.index = this.nextCut++;
    if (m.slot >= 0 && m.receipt > 0) this.confirmable.set(this.storedId(m), m);
    return (this.cutting = m);
  }

  /** What STORED calls a message: SPEC.md, 6.6. */
  private storedId(m: Message): number {
    if (m.droppable) return ((m.id & 0xffff) | (m.index << 16)) >>> 0;
    return (this.cfg.delivery === Delivery.unreliable ? m.index : m.id) % 2 ** 32;
  }

  get id(): number {
    return this.cfg.id;
  }

  /** Whether there is more to send than went. */
  get more(): boolean {
    return this.queue.length > 0 || this.cutting !== undefined;
  }

  /** Whether a message is on its way, whole, and of use. */
  underway(m: Message): boolean {
    return m.state === FLYING && !m.cut && !m.superseded;
  }

  /** Whether an id goes in four bytes. */
  wide(id: number): boolean {
    return id - (this.reliable ? this.open.base : this.arrived) >= 1 << 14;
  }

  settled(item: Item, fate: Fate, now: number): void {
    const m = item.message!;
    switch (item.kind) {
      case BLOCKED:
        if (fate === "lost") this.blockedFor = -1;
        return;
      case RUN:
        return this.wholeSettled(m, fate);
      case FRAGMENT:
        if (m.cut && m.state === FLYING) this.fragmentSettled(item, m, fate, now);
        return;
      case SKIP:
        if (m.state !== SKIPPING) return;
        if (fate === "acked" || fate === "late") this.done(m);
        else this.wantResend(m);
    }
  }

  private wholeSettled(m: Message, fate: Fate): void {
    if (fate === "acked" || fate === "lost") m.flying--;
    if (fate === "acked" || fate === "late") {
      if (this.cfg.delivery === Delivery.unreliableLatest) this.arrived = Math.max(this.arrived, m.id);
      this.delivered(m);
    } else if (m.state === FLYING && !m.resend && !m.cut) {
      if (fate === "lost" && m.flying === 0) this.missed(m, m.attempts);
      else if (fate === "repeat" && this.repairs(m, m.attempts)) this.wantResend(m);
    }
  }

  private delivered(m: Message): void {
    if (m.state === DONE) return;
    if (m.receipt > 0) this.out.tell(this.cfg.id, m.receipt, undefined);
    m.receipt = 0;
    this.done(m);
  }

  private repairs(m: Message, attempts: number): boolean {
    return this.reliable && !m.droppable && !m.superseded && attempts < this.cfg.maxAttempts;
  }

  /** What was sent so often did not arrive. */
  private missed(m: Message, attempts: number): void {
    if (this.repairs(m, attempts)) this.wantResend(m);
    else if (this.open.at(m.id) === m) this.giveUp(m, m.superseded ? "superseded" : "gave up");
    else this.looseLost(m, "not known");
  }

  private looseLost(m: Message, why: LossReason): void {
    this.lose(m.receipt, why);
    m.receipt = 0;
    this.done(m);
  }

  private fragmentSettled(item: Item, m: Message, fate: Fate, now: number): void {
    const { from, to } = item;
    if (fate === "acked" || fate === "late") {
      if (!this.reliable) {
        const id = this.cfg.delivery === Delivery.unreliable ? m.index : m.id;
        this.arrived = Math.max(this.arrived, id);
      }
      m.acked.add(from, to);
      m.lost.remove(from, to);
      if (m.acked.covers(0, m.size)) this.allArrived(m, now);
      else if (m.resend && m.lost.length === 0) this.resent(m);
      return;
    }
    if (!this.reliable || m.droppable) {
      if (fate === "lost") this.looseLost(m, "not known"); // the rest would be of no use
      return;
    }
    for (let at = m.acked.gap(from, to); at < to; at = m.acked.gap(m.acked.gapEnd, to)) {
      m.lost.add(at, m.acked.gapEnd);
    }
    if (m.lost.length === 0) return;
    m.attempts = Math.max(m.attempts, item.attempt + 1);
    if (fate === "lost" || this.repairs(m, item.attempt)) this.missed(m, item.attempt);
  }

  /** That all fragments of a loose message came does not mean that they were there at one time. */
  private allArrived(m: Message, now: number): void {
    if (this.reliable && !m.droppable) {
      this.delivered(m);
    } else if (m.receipt === 0) {
      this.done(m);
    } else if (m.storedBy === 0) {
      m.storedBy = now + storedWait;
      this.expireLater(m.storedBy);
    }
  }

  /** WINDOW came. */
  allow(limit: number): void {
    const more = (limit - (this.limit % 2 ** 32)) | 0;
    if (more > 0) this.limit += more;
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
    const next = this.reliable ? this.open.end : this.nextId;
    const id = nearest(next, newest, 16);
    for (let i = 0; i < 32; i++) {
      if (!((mask >>> i) & 1)) continue;
      const m = this.reliable
        ? this.open.at(id - i)
        : this.loose.find((m) => m.id === id - i && !m.cut);
      if (m) this.delivered(m);
    }
  }

  private giveUp(m: Message, why: LossReason): void {
    this.lose(m.receipt, why);
    m.receipt = 0;
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
    this.out.activate(this);
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

  private done(m: Message): void {
    if (m.state === DONE) return;
    if (this.cutting === m) this.cutting = undefined;
    this.resent(m);
    const before = m.state;
    m.state = DONE;
    if (m.cut && this.confirmable.get(this.storedId(m)) === m) {
      this.confirmable.delete(this.storedId(m));
    }
    if (m.slot >= 0) {
      this.settle(m);
      return;
    }
    if (before !== SKIPPING) this.underwayBytes -= m.charge;
    if (this.newest.get(m.key) === m) this.newest.delete(m.key);
    while (this.open.at(this.open.base)?.state === DONE) this.unnamed(this.open.shift()!);
  }

  /** Takes a message out of those that are loose. */
  private settle(m: Message): void {
    const last = this.loose.pop()!;
    if (last !== m) {
      this.loose[m.slot] = last;
      last.slot = m.slot;
    }
    m.slot = -1;
    this.unnamed(m);
  }

  unnamed(m: Message): void {
    if (m.state === DONE && m.named === 0 && this.open.at(m.id) !== m) this.c.recycle(m);
  }

  private expireLater(at: number): void {
    this.expireAt = Math.min(this.expireAt, at);
    this.c.expireLater(at);
  }

  /** Ends what is of no use any more. */
  expire(now: number): void {
    if (now < this.expireAt) return this.c.expireLater(this.expireAt);
    this.expireAt = never;
    this.expireLater(this.queue.expire(now));
    for (let id = this.open.base; id < this.open.end; id++) {
      const m = this.open.at(id)!;
      if (m.state !== FLYING) continue;
      if (m.expires <= now) this.giveUp(m, "expired");
      else this.expireLater(m.expires);
    }
    for (let i = this.loose.length - 1; i >= 0; i--) this.expireLoose(this.loose[i]!, now);
  }

  /** Of what went whole the packet decides. */
  private expireLoose(m: Message, now: number): void {
    if (m.storedBy > 0 && m.storedBy <= now) this.looseLost(m, "not known");
    else if (m.storedBy > 0) this.expireLater(m.storedBy);
    else if (m === this.cutting && m.expires <= now) this.looseLost(m, "expired");
    else if (m === this.cutting) this.expireLater(m.expires);
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.queue.length + this.open.length + this.loose.length === 0;
  }

  /** Whether there is something to send, as far as credit goes. */
  wants(now: number): boolean {
    return this.resends > 0 || this.cutting !== undefined || this.head(now) !== undefined;
  }

  /** When BLOCKED is to be said: at once for another limit than last time, else each second. */
  blockedDue(now: number): number {
    if (!this.reliable || this.head(now) || !this.short) return never;
    const wanted = this.wanted(this.queue.head!);
    return wanted === this.blockedFor ? this.blockedAt + second : -never;
  }

  /** Ends all that has no fate, and says how much that is. */
  abandon(): number {
    let n = this.queue.abandon();
    const end = (m: Message) => {
      if (m.state === DONE || m.state === SKIPPING) return;
      n++;
      this.lose(m.receipt, "connection closed");
      m.receipt = 0;
      m.state = DONE;
    };
    while (this.open.length > 0) end(this.open.shift()!);
    for (const m of this.loose) end(m);
    this.loose.length = 0;
    this.resends = 0;
    this.cutting = undefined;
    return n;
  }
}

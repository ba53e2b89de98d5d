import { DROPPABLE, GROUP, KEYED, RUN, type Key } from "../wire/index.js";
import { DONE, FLYING, SKIPPING, maxOpen, messageCharge, never, second } from "./constants.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { Bucket } from "./bucket.js";
import { type Common } from "./common.js";
import { SendError, type LossReason, type Stats } from "./event.js";
import { type Message } from "./message.js";
import { writeChannel, type Gate } from "./pack.js";
import { type Builder, type Item } from "./packet.js";
import { type Fate } from "./path.js";
import { Queue } from "./queue.js";
import { addRange } from "./ranges.js";
import { Ring } from "./ring.js";

const storedWait = second;

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

/** An option that a delivery has not. */
function unfit(o: SendOptions, delivery: Delivery): string | undefined {
  if (o.key !== undefined && !isLatest(delivery)) return "key";
  if (delivery === Delivery.reliableOrdered) return undefined;
  return o.group ? "group" : o.droppable ? "droppable" : undefined;
}

/** What a Sender needs of the outbox. */
export interface Receipts {
  issue(): number;
  tell(channel: number, receipt: number, why: LossReason | undefined): void;
  activate(s: Sender): void;
}

/**
 * A Sender is the outgoing half of a channel. A message waits in queue, is started when the first of it is
 * sent, and done when its fate is known. This one sends once what cannot be lost; a {@link FullSender} repeats.
 */
export class Sender {
  readonly queue: Queue;
  /** Reliable deliveries: what was started, by id. */
  readonly open = new Ring<Message>();
  /** The other deliveries, and droppables: what was started. */
  readonly loose: Message[] = [];
  readonly reliable: boolean;
  readonly stats: Stats;
  /** The message whose first transmission is under way. */
  cutting: Message | undefined;
  /** Sums of charges: started, and allowed. */
  started = 0;
  limit = 0;
  /** Unreliable deliveries: the next id, that of fragmented ones, and the newest that is known to have arrived. */
  nextId = 0;
  nextCut = 0;
  arrived = 0;
  /** What of its class it has been given, by weight. */
  served = 0;
  active = false;
  /** The limits of the channel, its own and what the peer takes. */
  bytes: Bucket;
  messages: Bucket;

  protected expireAt = never;
  private group = 0; // of the game, that of the message sent last
  private groups = 0;
  private current = 0; // the group that was started last, and its first id
  private began = 0;
  private precedes = 0; // the id that the newest droppable precedes, and the next index there
  private index = 0;

  constructor(
    protected c: Common,
    readonly cfg: Channel,
    protected out: Receipts,
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
    const { id, delivery, maxMessageBytes, compression } = this.cfg;
    const { group = 0, ttl } = o;
    const fits = bytes.length <= maxMessageBytes;
    if (!fits) throw new SendError(id, "too large", "maxMessageBytes", bytes.length, maxMessageBytes);
    const wrong = unfit(o, delivery);
    if (wrong) throw new SendError(id, "option", wrong);
    const prefix = compression ? 1 : 0;
    const key = typeof o.key === "bigint" && o.key < 2n ** 53n ? Number(o.key) : o.key;
    const room = this.queue.makeRoom(key, bytes.length + prefix + messageCharge);
    const receipt = o.receipt ? this.out.issue() : 0;
    if (!room) {
      this.lose(receipt, "dropped");
      return receipt;
    }
    const m = this.queue.add(key, bytes, prefix);
    m.receipt = receipt;
    m.options =
      (key === undefined ? 0 : KEYED) | (group ? GROUP : 0) | (o.droppable ? DROPPABLE : 0);
    if (group && group !== this.group) this.groups++;
    this.group = group;
    m.group = group && this.groups;
    if (ttl) {
      m.expires = this.c.now + ttl;
      this.expireLater(m.expires);
    }
    this.stats.messagesSent++;
    this.out.activate(this);
    return receipt;
  }

  protected lose(receipt: number, why: LossReason): void {
    this.stats.messagesLost++;
    if (receipt > 0) this.out.tell(this.cfg.id, receipt, why);
  }

  /** The message that may be started now. */
  head(now: number): Message | undefined {
    if (this.cutting) return undefined;
    for (;;) {
      const m = this.queue.head;
      if (!m || m.expires > now) return m && this.mayStart(m) ? m : undefined;
      this.queue.drop("expired");
    }
  }

  protected mayStart(m: Message): boolean {
    if (this.isLoose(m)) return this.loose.length < maxOpen;
    return this.open.length < maxOpen && this.wanted(m) <= this.limit;
  }

  /** Whether it may be lost, so that it goes once. */
  protected isLoose(m: Message): boolean {
    return !this.reliable || m.droppable;
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
    if (this.isLoose(m)) {
      m.slot = this.loose.push(m) - 1;
      this.precedes = m.id;
      this.index = m.index + 1;
      return m;
    }
    this.open.push(m);
    this.started += m.charge;
    this.current = m.group;
    this.began = m.first;
    return m;
  }

  /** Starts the message at the head in fragments. */
  startCut(): Message {
    const m = this.start();
    m.cut = true;
    if (this.cfg.delivery === Delivery.unreliable) m.index = this.nextCut++;
    return (this.cutting = m);
  }

  /** The id that a fragment says. */
  cutId(m: Message): number {
    return this.cfg.delivery === Delivery.unreliable ? m.index : m.id;
  }

  /** Whether there is more to send than went. */
  get more(): boolean {
    return this.queue.length > 0 || this.cutting !== undefined;
  }

  /** Likewise, or to send again. */
  get pending(): boolean {
    return this.more;
  }

  /** Whether an id goes in four bytes. */
  wide(id: number): boolean {
    return id - (this.reliable ? this.open.base : this.arrived) >= 1 << 14;
  }

  /** What became of something that a packet carried: here it has arrived. */
  settled({ kind, message, from, to }: Item, _fate: Fate, now: number): void {
    const m = message!;
    if (kind === RUN) {
      m.flying--;
      if (isLatest(this.cfg.delivery)) this.arrived = Math.max(this.arrived, m.id);
      this.delivered(m);
    } else if (m.cut && m.state === FLYING) {
      this.arrived = Math.max(this.arrived, this.cutId(m));
      addRange(m.acked, from, to);
      if (m.acked[0] === 0 && m.acked[1] === m.size) this.allArrived(m, now);
    }
  }

  /** That all fragments of a loose message came does not mean that they were there at one time. */
  private allArrived(m: Message, now: number): void {
    if (!this.isLoose(m) || m.receipt === 0) return this.delivered(m);
    m.storedBy ||= now + storedWait;
    this.expireLater(m.storedBy);
  }

  delivered(m: Message): void {
    if (m.state === DONE) return;
    if (m.receipt > 0) this.out.tell(this.cfg.id, m.receipt, undefined);
    this.done(m);
  }

  /** WINDOW came. */
  allow(limit: number): void {
    const more = (limit - (this.limit % 2 ** 32)) | 0;
    if (more > 0) this.limit += more;
  }

  protected done(m: Message): void {
    if (this.cutting === m) this.cutting = undefined;
    m.state = DONE;
    m.receipt = 0;
    if (m.slot < 0) {
      while (this.open.at(this.open.base)?.state === DONE) this.unnamed(this.open.shift()!);
      return;
    }
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

  protected expireLater(at: number): void {
    this.expireAt = Math.min(this.expireAt, at);
    this.c.expireLater(at);
  }

  /** Ends what is of no use any more. */
  expire(now: number): void {
    const at = this.expireAt;
    this.expireAt = never;
    if (now < at) this.expireLater(at);
    else this.expireDue(now);
  }

  protected expireDue(now: number): void {
    this.expireLater(this.queue.expire(now));
  }

  /** Whether every message has its fate. */
  get drained(): boolean {
    return this.queue.length + this.open.length + this.loose.length === 0;
  }

  /** Whether there is something to send, as far as credit goes. */
  wants(now: number): boolean {
    return this.cutting !== undefined || this.head(now) !== undefined;
  }

  /** When BLOCKED is to be said. */
  blockedDue(_now: number): number {
    return never;
  }

  /** Appends what it has to send, as far as it fits. */
  write(b: Builder, gate: Gate): void {
    writeChannel(this, b, gate);
  }

  /** Appends BLOCKED. */
  writeBlocked(_b: Builder): void {}

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
    this.cutting = undefined;
    return n;
  }
}

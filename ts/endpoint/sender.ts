import { DROPPABLE, GROUP, KEYED, RUN, Run, appendRun, maxShortRun, type Key } from "../wire/first.js";
import { DONE, FLYING, SKIPPING, messageCharge } from "./constants.js";
import { Delivery, isLatest, isReliable, type Channel } from "./config.js";
import { type Common } from "./common.js";
import { SendError, type LossReason } from "./event.js";
import { type Message } from "./message.js";
import { type Builder, type Item } from "./packet.js";
import { type Fate } from "./path.js";
import { Queue } from "./queue.js";
import { Ring } from "./ring.js";

/** What fits a packet whatever that is like: a larger message waits until there is who cuts it. */
const largestWhole = 480;

const run = new Run(); // of which the count is in the first byte, once it is known

/** SendOptions say how one message is to be sent. */
export interface SendOptions {
  /** Asks for an event delivered or lost about it. */
  receipt?: boolean;
  /** How long it is of use, in milliseconds; 0: for ever, negative: it is not any more. */
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

/**
 * A Sender is the outgoing half of a channel. A message waits in queue, is started when the first of it is
 * sent, and done when its fate is known. This one sends once, and whole, what cannot be lost; a {@link FullSender}
 * cuts and repeats.
 */
export class Sender {
  readonly queue: Queue;
  /** What was started, by id. */
  readonly open = new Ring<Message>();
  readonly reliable: boolean;
  /** Messages that were taken, and bytes of frames. */
  taken = 0;
  bytesSent = 0;
  /** Sums of charges: started, and allowed. */
  started = 0;
  limit = 0;
  /** Unreliable deliveries: the newest that is known to have arrived. */
  arrived = 0;

  private group = 0; // of the game, that of the message sent last
  private groups = 0;

  constructor(
    protected c: Common,
    readonly cfg: Channel,
  ) {
    this.reliable = isReliable(cfg.delivery);
    this.queue = new Queue(c, cfg);
  }

  /** Takes a message; its receipt, 0 if none is wanted. */
  send(bytes: Uint8Array, o: SendOptions): number {
    const { c, cfg, queue } = this;
    const { id, maxMessageBytes } = cfg;
    const { group = 0, ttl, key } = o;
    if (bytes.length > maxMessageBytes) {
      throw new SendError(id, "too large", "maxMessageBytes", bytes.length, maxMessageBytes);
    }
    const wrong = unfit(o, cfg.delivery);
    if (wrong) throw new SendError(id, "option", wrong);
    const prefix = cfg.compression ? 1 : 0;
    const room = queue.makeRoom(key, bytes.length + prefix + messageCharge);
    const receipt = o.receipt ? c.issue() : 0;
    if (!room) {
      c.lose(id, receipt, "dropped");
      return receipt;
    }
    const m = queue.add(key, bytes, prefix);
    m.receipt = receipt;
    m.options =
      (key === undefined ? 0 : KEYED) | (group ? GROUP : 0) | (o.droppable ? DROPPABLE : 0);
    if (group && group !== this.group) this.groups++;
    this.group = group;
    m.group = group && this.groups;
    if (ttl) m.expires = c.now + ttl * 1000;
    this.taken++;
    this.activate(m);
    return receipt;
  }

  /** It has something to send. */
  protected activate(_m: Message): void {}

  protected lose(m: Message, why: LossReason): void {
    this.c.lose(this.cfg.id, m.receipt, why);
    m.receipt = 0;
  }

  /** The message that may be started now. */
  head(_now: number): Message | undefined {
    const m = this.queue.head;
    return m && this.mayStart(m) ? m : undefined;
  }

  protected mayStart(m: Message): boolean {
    const { bytesPerSecond = 0 } = this.cfg;
    const timely = m.expires === Infinity && bytesPerSecond <= 0;
    const plain = timely && m.size <= largestWhole && !m.options;
    if (!plain) this.c.cfg.needs();
    return plain && this.fits(m);
  }

  /** Whether there is credit for a message more; of a window of packets fewer are started than may be open. */
  protected fits(m: Message): boolean {
    return !this.reliable || this.started + m.charge <= this.limit;
  }

  /** Starts the message at the head. */
  start(): Message {
    const m = this.queue.shift();
    m.first = m.id = this.open.end;
    m.state = FLYING;
    m.attempts = 1;
    this.open.push(m);
    if (this.reliable) this.started += m.charge;
    return m;
  }

  /** What became of something that a packet carried: here it has arrived. */
  settled({ message }: Item, _fate: Fate, _now: number): void {
    const m = message!;
    m.flying--;
    if (isLatest(this.cfg.delivery)) this.arrived = Math.max(this.arrived, m.id);
    this.delivered(m);
  }

  delivered(m: Message): void {
    if (m.state === DONE) return;
    if (m.receipt > 0) this.c.tell(this.cfg.id, m.receipt, undefined);
    this.done(m);
  }

  /** WINDOW came. */
  allow(limit: number): void {
    const more = (limit - (this.limit % 2 ** 32)) | 0;
    if (more > 0) this.limit += more;
  }

  protected done(m: Message): void {
    m.state = DONE;
    m.receipt = 0;
    while (this.open.at(this.open.base)?.state === DONE) this.unnamed(this.open.shift()!);
  }

  unnamed(m: Message): void {
    if (m.state === DONE && m.named === 0 && this.open.at(m.id) !== m) this.c.recycle(m);
  }

  /** Appends what it has to send, as far as it fits. */
  write(b: Builder): void {
    const before = b.w.at;
    while (this.head(b.now) && this.writeRun(b)) {}
    this.bytesSent += b.w.at - before;
  }

  /** Appends messages in a row; false: none fits. */
  private writeRun(b: Builder): boolean {
    const { w, now } = b;
    const start = w.at;
    run.channel = this.cfg.id;
    run.first = this.cfg.delivery === Delivery.unreliable ? -1 : this.open.end;
    appendRun(w, run);
    let n = 0;
    for (let m; n < maxShortRun && (m = this.head(now)) && w.at + m.room <= w.end; n++) {
      this.start();
      w.v(m.size);
      w.raw(m.bytes, 0, m.size);
      m.flying++;
      b.carry(RUN, this, m);
    }
    if (n === 0) w.at = start;
    else w.bytes[start]! += n;
    return n > 0;
  }

  /** Ends all that has no fate, and says how much that is. */
  abandon(): number {
    let n = this.queue.abandon();
    while (this.open.length > 0) n += this.end(this.open.shift()!);
    return n;
  }

  /** Ends a message that has no fate: how many these are. */
  protected end(m: Message): number {
    if (m.state === DONE || m.state === SKIPPING) return 0;
    this.lose(m, "connection closed");
    m.state = DONE;
    return 1;
  }
}

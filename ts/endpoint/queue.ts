import { type Key } from "../wire/first.js";
import { type Common } from "./common.js";
import { isLatest, type Channel } from "./config.js";
import { SendError, type LossReason } from "./event.js";
import { type Message } from "./message.js";
import { Ring } from "./ring.js";

const manyKeys = 256;

/** A Queue is the messages of a channel that wait to be started. */
export class Queue {
  readonly ring = new Ring<Message>();
  private bytes = 0; // with charges
  private refused = 0; // the charge of a message that found no room
  private places = new Map<Key | undefined, number>(); // Latest: where a value waits
  private many = manyKeys;
  private readonly latest: boolean;

  constructor(
    private c: Common,
    private cfg: Channel,
  ) {
    this.latest = isLatest(cfg.delivery);
  }

  get length(): number {
    return this.ring.length;
  }

  get head(): Message | undefined {
    return this.ring.at(this.ring.base);
  }

  /** Makes room as the policy has it; false: the message is dropped. */
  makeRoom(key: Key | undefined, charge: number): boolean {
    const { id, full, maxQueuedBytes } = this.cfg;
    if (this.fits(key, charge)) return true;
    if (full === "refuse") {
      this.refused = charge;
      throw new SendError(id, "full", "maxQueuedBytes", this.bytes + charge, maxQueuedBytes);
    }
    if (full === "dropNewest") return false;
    while (this.ring.length > 0 && !this.fits(key, charge)) this.drop("dropped");
    return true;
  }

  private fits(key: Key | undefined, charge: number): boolean {
    return this.bytes - (this.waiting(key)?.charge ?? 0) + charge <= this.cfg.maxQueuedBytes;
  }

  /** The value of a key that waits. */
  private waiting(key: Key | undefined): Message | undefined {
    const place = this.latest ? this.places.get(key) : undefined;
    return place === undefined ? undefined : this.ring.at(place);
  }

  /** Adds a message, in the place of one of its key, or behind all. */
  add(key: Key | undefined, bytes: Uint8Array, prefix: number): Message {
    let m = this.waiting(key);
    if (m) {
      this.bytes -= m.charge;
      this.c.lose(this.cfg.id, m.receipt, "replaced");
      m.reset();
    } else {
      m = this.c.message();
      this.note(key);
      this.ring.push(m);
    }
    m.fill(bytes, prefix);
    m.key = key;
    this.bytes += m.charge;
    return m;
  }

  /** Notes the place of a key; those that have gone stay until they are many, since deleting them costs memory, too. */
  note(key: Key | undefined): void {
    if (!this.latest) return;
    this.places.set(key, this.ring.end);
    if (this.places.size < this.many) return;
    for (const [k, place] of this.places) if (place < this.ring.base) this.places.delete(k);
    this.many = 2 * this.places.size + manyKeys;
  }

  /** Takes the head out. */
  shift(): Message {
    const m = this.ring.shift()!;
    this.bytes -= m.charge;
    if (this.refused > 0) this.tellWritable();
    return m;
  }

  private tellWritable(): void {
    const { id, maxQueuedBytes } = this.cfg;
    if (2 * this.bytes > maxQueuedBytes || this.bytes + this.refused > maxQueuedBytes) return;
    this.refused = 0;
    this.c.events.push({ kind: "writable", channel: id });
  }

  /** The head is of no use any more. */
  drop(why: LossReason): void {
    const m = this.shift();
    this.c.lose(this.cfg.id, m.receipt, why);
    this.c.recycle(m);
  }

  /** Ends all, and says how many that were. */
  abandon(): number {
    const n = this.ring.length;
    this.refused = 0;
    while (this.ring.length > 0) this.drop("connection closed");
    return n;
  }
}

import { type Key } from "../wire/first.js";
import { type Common } from "./common.js";
import { isLatest, type Channel } from "./config.js";
import { SendError, type LossReason } from "./event.js";
import { type Message } from "./message.js";
import { Ring } from "./ring.js";

/**
 * A Queue is the messages of a channel that wait to be started, one behind the other; in that of a Latest delivery a
 * value takes the place of one of its key.
 */
export class Queue {
  readonly ring = new Ring<Message>();
  /** Bytes, with charges. */
  charged = 0;
  protected refused = 0; // the charge of a message that found no room

  constructor(
    protected c: Common,
    protected cfg: Channel,
  ) {}

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
      this.c.cfg.needs();
      throw new SendError(id, "full", "maxQueuedBytes", this.charged + charge, maxQueuedBytes);
    }
    if (full === "dropNewest") return false;
    while (this.ring.length > 0 && !this.fits(key, charge)) this.drop("dropped");
    return true;
  }

  private fits(key: Key | undefined, charge: number): boolean {
    return this.charged + charge - (this.waiting(key)?.charge ?? 0) <= this.cfg.maxQueuedBytes;
  }

  /** The value that waits under a key, of a Latest delivery. */
  protected waiting(key: Key | undefined): Message | undefined {
    const { ring } = this;
    for (let n = isLatest(this.cfg.delivery) ? ring.base : ring.end; n < ring.end; n++) {
      if (ring.at(n)!.key === key) return ring.at(n);
    }
    return undefined;
  }

  /** Adds a message. */
  add(key: Key | undefined, bytes: Uint8Array, prefix: number): Message {
    const m = this.place(key);
    m.fill(bytes, prefix);
    m.key = key;
    this.charged += m.charge;
    return m;
  }

  /** The message that is filled: one behind all, or what it replaces. */
  private place(key: Key | undefined): Message {
    let m = this.waiting(key);
    if (m) {
      this.charged -= m.charge;
      this.c.lose(this.cfg.id, m.receipt, "replaced");
      m.reset();
    } else {
      m = this.c.message();
      this.ring.push(m);
    }
    return m;
  }

  /** Takes the head out. */
  shift(): Message {
    const m = this.ring.shift()!;
    this.charged -= m.charge;
    return m;
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

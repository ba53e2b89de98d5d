import { become } from "./become.js";
import { messageCharge, never, second } from "./constants.js";
import { Credit } from "./credit.js";

const maxWindow = 16 << 20; // how far a window grows by use
const steps = 4; // by how much it grows for a BLOCKED
const idle = 5 * second; // how long half a window takes that is larger than it needs to be

/** A FullCredit is as wide as the peer needs it. */
export class FullCredit extends Credit {
  private pooled!: number; // what the window has of the pool
  private limitAt!: number; // when a limit was said
  private wanted!: number; // the limit that BLOCKED asked for
  private widenedAt!: number; // when the window grew for a BLOCKED, and what was returned then
  private widenedTo!: number;

  /** Has a credit know all that. */
  static of(credit: Credit): FullCredit {
    return become(credit, FullCredit, {
      pooled: 0,
      limitAt: -never,
      wanted: 0,
      widenedAt: -never,
      widenedTo: 0,
    });
  }

  private get own(): boolean {
    return this.cfg.id === 0;
  }

  override giveBack(bytes: number): boolean {
    super.giveBack(bytes);
    const limit = this.returned + this.window;
    return (this.due ||= this.wanted > this.limit && limit >= this.wanted);
  }

  /** What is left of the pool for windows that grow by use: a quarter is for messages that fit no window. */
  private get left(): number {
    return this.c.pool - this.c.windowPool / 4;
  }

  /** A window that holds the peer back grows; one that takes seconds to be used shrinks, and each one while the pool is short. */
  override announce(now: number): number {
    const took = now - this.limitAt;
    if (this.halfDue() && !this.own) {
      const [short, quick] = [this.left < 0, took < 2 * this.c.trip];
      const grown = this.wanted > this.limit && (short || !quick); // just now, for a message that waits
      if (!grown && (short || took > idle)) this.shrink(this.limit - this.returned);
      else if (quick) this.grow(2 * this.window);
    }
    this.limitAt = now;
    return super.announce(now);
  }

  private grow(size: number): void {
    this.widen(Math.max(Math.min(Math.min(size, maxWindow) - this.window, this.left), 0));
  }

  private shrink(size: number): void {
    this.widen(-Math.min(this.pooled, this.window - size));
  }

  private widen(bytes: number): void {
    if (bytes < 0 ? this.pooled <= 0 : bytes === 0) return;
    this.window += bytes;
    this.pooled += bytes;
    this.c.pool -= bytes;
  }

  /** The peer's next message does not fit: the window grows until it fits alone, and more where the game keeps up. */
  blocked(now: number, wanted: number, trip: number, untaken: number): void {
    const missing = (wanted - (this.returned % 2 ** 32)) | 0;
    if (missing > 0) this.wanted = this.returned + missing;
    const largest = this.cfg.largest + messageCharge;
    const more = Math.min(this.wanted - this.started, largest) - this.window;
    if (more > 0 && more <= this.c.pool) this.widen(more);
    if (this.tooNarrow(now, trip) && untaken < this.window / 4) {
      this.grow(steps * this.window);
      this.widenedAt = now;
      this.widenedTo = this.returned;
    }
    this.due = true;
  }

  /** Whether the game has taken enough since the window grew last, a round trip ago at least. */
  private tooNarrow(now: number, trip: number): boolean {
    if (this.own || now - this.widenedAt < trip) return false;
    return this.returned - this.widenedTo >= this.window / 8;
  }
}

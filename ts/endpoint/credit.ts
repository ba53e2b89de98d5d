import { Code, WireError } from "../wire/index.js";
import { messageCharge, never, second } from "./constants.js";
import { type Common } from "./common.js";
import { type Channel } from "./config.js";

const maxWindow = 16 << 20; // how far a window grows by use
const steps = 4; // by how much it grows for a BLOCKED
const idle = 5 * second; // how long half a window takes that is larger than it needs to be

/** A Credit is what the peer may send on a reliable channel: SPEC.md, 7.7. All sums are since its beginning. */
export class Credit {
  /** WINDOW is to be said. */
  due = false;
  private started = 0;
  private returned = 0;
  private window: number;
  private pooled = 0; // what the window has of the pool
  private limit: number; // that was said last, and when
  private limitAt = -never;
  private wanted = 0; // the limit that BLOCKED asked for
  private widenedAt = -never; // when the window grew for a BLOCKED, and what was returned then
  private widenedTo = 0;
  private readonly largest: number;
  private readonly own: boolean;

  constructor(
    private c: Common,
    cfg: Channel,
  ) {
    this.window = this.limit = cfg.windowBytes;
    this.largest = cfg.largest + messageCharge;
    this.own = cfg.id === 0;
  }

  /** Counts what the peer has started. */
  start(bytes: number): void {
    this.started += bytes;
    if (this.started > this.limit) throw new WireError("credit exceeded", Code.flow);
  }

  /** Counts what the peer may use again; true: WINDOW is due. */
  giveBack(bytes: number): boolean {
    this.returned += bytes;
    const limit = this.returned + this.window;
    if (this.halfDue() || (this.wanted > this.limit && limit >= this.wanted)) this.due = true;
    return this.due;
  }

  private halfDue(): boolean {
    return this.returned + this.window - this.limit >= this.window / 2;
  }

  /** The limit to say now. A window that holds the peer back grows; one that takes seconds to be used shrinks. */
  announce(now: number, trip: number): number {
    const took = now - this.limitAt;
    if (this.halfDue() && !this.own) {
      if (took < 2 * trip) this.grow(2 * this.window);
      else if (took > idle) this.shrink(this.limit - this.returned);
    }
    this.due = false;
    this.limitAt = now;
    this.limit = Math.max(this.limit, this.returned + this.window);
    return this.limit;
  }

  private grow(size: number): void {
    this.widen(Math.min(Math.min(size, maxWindow) - this.window, this.c.pool));
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
    const more = Math.min(this.wanted - this.started, this.largest) - this.window;
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

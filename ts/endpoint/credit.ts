import { Code, WireError } from "../wire/first.js";
import { type Common } from "./common.js";
import { type Channel } from "./config.js";

/** A Credit is what the peer may send on a reliable channel: SPEC.md, 7.7. All sums are since its beginning. */
export class Credit {
  /** WINDOW is to be said. */
  due = false;
  protected started = 0;
  protected returned = 0;
  protected window: number;
  protected limit: number; // that was said last

  constructor(
    protected c: Common,
    protected cfg: Channel,
  ) {
    this.window = this.limit = cfg.windowBytes;
  }

  /** Counts what the peer has started. */
  start(bytes: number): void {
    this.started += bytes;
    if (this.started > this.limit) throw new WireError("credit exceeded", Code.flow);
  }

  /** Counts what the peer may use again; true: WINDOW is due. */
  giveBack(bytes: number): boolean {
    this.returned += bytes;
    return (this.due ||= this.halfDue());
  }

  protected halfDue(): boolean {
    return this.returned + this.window - this.limit >= this.window / 2;
  }

  /** The limit to say now. */
  announce(_now: number): number {
    this.due = false;
    return (this.limit = Math.max(this.limit, this.returned + this.window));
  }
}

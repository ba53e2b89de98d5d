import { Clocks } from "./clock.js";
import { type Config } from "./config.js";
import { Stats, type Event } from "./event.js";
import { Message } from "./message.js";
import { Ring } from "./ring.js";

const kept = 256; // messages of which the memory is used again

/** A Common is what all parts of an endpoint share. */
export class Common {
  readonly stats = new Stats();
  readonly events = new Ring<Event>();
  readonly clocks = new Clocks();
  /** The latest time that is known. */
  now: number;
  /** When something that is kept is of no use any more. */
  expireAt = Infinity;
  /** What is left of the window pool. */
  pool: number;
  private spare: Message[] = [];

  constructor(
    readonly cfg: Config,
    now: number,
  ) {
    this.now = now;
    this.pool = cfg.windowPoolBytes;
  }

  expireLater(at: number): void {
    if (at < this.expireAt) this.expireAt = at;
  }

  message(): Message {
    return this.spare.pop() ?? new Message();
  }

  /** Takes a message back that nobody has any more. */
  recycle(m: Message): void {
    if (this.spare.length >= kept) return;
    m.reset();
    this.spare.push(m);
  }
}

import { type Config } from "./config.js";
import { Stats, type Event, type LossReason } from "./event.js";
import { Message } from "./message.js";
import { Ring } from "./ring.js";

const kept = 256; // messages of which the memory is used again

/** A Common is what all parts of an endpoint share. */
export class Common {
  readonly stats = new Stats();
  readonly events = new Ring<Event>();
  /** The latest time that is known. */
  now: number;
  /** How many messages of a channel were lost. */
  readonly lost = new Map<number, number>();
  // What has no value here is of who has learned all.
  /** When something that is kept is of no use any more. */
  expireAt!: number;
  /** What all windows together may grow by, and what is left of that. */
  windowPool!: number;
  pool!: number;
  /** How long a round trip takes, as far as is known. */
  trip!: number;
  openReceipts = 0;
  private lastReceipt = 0;
  private spare: Message[] = [];

  constructor(
    readonly cfg: Config,
    now: number,
  ) {
    this.now = now;
  }

  /** Issues a receipt. */
  issue(): number {
    this.openReceipts++;
    return ++this.lastReceipt;
  }

  /** Tells what became of the message of a receipt; undefined: it has arrived. */
  tell(channel: number, receipt: number, why: LossReason | undefined): void {
    this.openReceipts--;
    this.events.push(why ? { kind: "Lost", channel, receipt, why } : { kind: "Delivered", channel, receipt });
  }

  /** A message is lost; its receipt is 0 if it has none. */
  lose(channel: number, receipt: number, why: LossReason): void {
    this.lost.set(channel, (this.lost.get(channel) ?? 0) + 1);
    if (receipt > 0) this.tell(channel, receipt, why);
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

import { readRun, Run, WireError, type Reader } from "../wire/first.js";
import { type Common } from "./common.js";
import { type Builder } from "./packet.js";
import { Receiver } from "./receiver.js";

/** An Inbox is what comes from the peer: a receiver for each channel. */
export class Inbox {
  readonly receivers = new Map<number, Receiver>();
  /** WINDOW, STORED or REBUILT is to be said. */
  owing = false;
  private frame = new Run();

  constructor(protected c: Common) {
    const owe = () => void (this.owing = true);
    for (const ch of c.cfg.channels) this.receivers.set(ch.id, new Receiver(c, ch, owe));
  }

  protected of(channel: number): Receiver {
    const r = this.receivers.get(channel);
    if (!r) throw new WireError();
    return r;
  }

  /** Reads RUN in its short form; false: what it holds cannot be stored now. */
  read(type: number, r: Reader): boolean {
    const before = r.at;
    readRun(r, type, this.frame);
    const of = this.of(this.frame.channel);
    const stored = of.run(this.frame, r);
    of.bytesReceived += r.at - before;
    return stored;
  }

  /** Appends what is owed, as far as there is room. */
  write(b: Builder): void {
    this.owing = false;
    for (const r of this.receivers.values()) {
      if (r.owes) r.write(b);
      this.owing ||= r.owes;
    }
  }
}

import { Fragment, readFragment, readRun, Run, Type, maxNamed, want, type Reader } from "../wire/index.js";
import { type Common } from "./common.js";
import { type Builder } from "./packet.js";
import { Receiver } from "./receiver.js";

/** An Inbox is what comes from the peer: a receiver for each channel. */
export class Inbox {
  readonly receivers = new Map<number, Receiver>();
  /** WINDOW, STORED or REBUILT is to be said. */
  owing = false;
  /** Something of a reliable delivery was in the packet that is read. */
  prompt = false;
  private run = new Run();
  private fragment = new Fragment();

  constructor(private c: Common) {
    const owe = () => void (this.owing = true);
    for (const ch of c.cfg.channels) this.receivers.set(ch.id, new Receiver(c, ch, owe));
  }

  private of(channel: number): Receiver {
    const r = this.receivers.get(channel);
    want(r !== undefined, "the channel is none that HELLO agreed on");
    return r!;
  }

  /** Reads a frame with messages, or that steers them; false: it cannot be stored now. */
  read(type: number, r: Reader, trip: number): boolean {
    const { now } = this.c;
    if (type >= Type.run) {
      readRun(r, type, this.run);
      const of = this.of(this.run.channel);
      this.prompt ||= of.reliable;
      of.run(this.run, r);
    } else if (type >= Type.fragment) {
      readFragment(r, type, this.fragment);
      const of = this.of(this.fragment.channel);
      this.prompt ||= of.reliable;
      return of.fragment(now, this.fragment, r);
    } else if (type === Type.skip) {
      const of = this.of(r.channel());
      const first = r.u32();
      of.skip(first, r.count(maxNamed), r);
    } else {
      const of = this.of(r.channel());
      of.blocked(now, r.u32(), trip);
    }
    return true;
  }

  /** Appends what is owed, as far as there is room. */
  write(b: Builder, trip: number): void {
    this.owing = false;
    for (const r of this.receivers.values()) {
      if (r.owes) r.write(b, trip);
      this.owing ||= r.owes;
    }
  }

  expire(now: number): void {
    for (const r of this.receivers.values()) r.expire(now);
  }
}

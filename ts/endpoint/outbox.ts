import type { Hello } from "../wire/index.js";
import { never } from "./constants.js";
import { Bucket } from "./bucket.js";
import type { Common } from "./common.js";
import { type Channel } from "./config.js";
import { SendError, type LossReason } from "./event.js";
import { type Gate } from "./pack.js";
import type { Builder } from "./packet.js";
import { Sender, type Receipts, type SendOptions } from "./sender.js";

const packetCharge = 48; // of a packet, beside its frames, where bytes are limited: SPEC.md, 7.13

/** An Outbox is what goes to the peer: a sender for each channel, and in which order they fill packets. */
export class Outbox implements Receipts, Gate {
  readonly senders = new Map<number, Sender>();
  protected classes: Sender[][] = []; // by priority; in each those that have something to send
  private packets: Bucket;
  private bytes: Bucket;
  private messages: Bucket;
  private lastReceipt = 0;
  private openReceipts = 0;

  constructor(private c: Common) {
    this.packets = this.bytes = this.messages = new Bucket(c.now, 0);
    const { channels } = c.cfg;
    const priority = (ch: Channel) => (ch.id === 0 ? Infinity : ch.priority);
    for (const p of [...new Set(channels.map(priority))].sort((a, b) => b - a)) {
      const active: Sender[] = [];
      this.classes.push(active);
      for (const ch of channels.filter((ch) => priority(ch) === p)) {
        this.senders.set(ch.id, new Sender(c, ch, this, active));
      }
    }
  }

  /** Takes the credit and the limits of the peer's HELLO. */
  opened(now: number, h: Hello): void {
    for (const s of this.senders.values()) s.limit = h.defaultWindow;
    for (const { channel, bytes } of h.windows) {
      const s = this.senders.get(channel);
      if (s) s.limit = bytes;
    }
    this.packets = new Bucket(now, h.limits.packets);
    this.bytes = new Bucket(now, h.limits.bytes);
    this.messages = new Bucket(now, h.limits.messages);
    for (const { channel, bytes, messages } of h.channelLimits) {
      const s = this.senders.get(channel);
      if (!s || channel === 0) continue;
      const least = Math.min(bytes || never, s.cfg.bytesPerSecond || never);
      s.bytes = new Bucket(now, least === never ? 0 : least);
      s.messages = new Bucket(now, messages);
    }
  }

  send(channel: number, bytes: Uint8Array, o: SendOptions): number {
    const s = channel > 0 ? this.senders.get(channel) : undefined;
    if (!s) throw new SendError(channel, "no channel");
    const receipts = this.openReceipts + this.c.events.length;
    if (o.receipt && receipts >= this.c.cfg.maxReceipts) {
      throw new SendError(channel, "full", "maxReceipts", receipts, this.c.cfg.maxReceipts);
    }
    return s.send(bytes, o);
  }

  issue(): number {
    this.openReceipts++;
    return ++this.lastReceipt;
  }

  tell(channel: number, receipt: number, why: LossReason | undefined): void {
    this.openReceipts--;
    this.c.events.push(
      why === undefined
        ? { kind: "delivered", channel, receipt }
        : { kind: "lost", channel, receipt, why },
    );
  }

  activate(s: Sender): void {
    if (s.active) return;
    s.active = true;
    const active = s.beside;
    // time in which it had nothing to send is not made up for
    if (active.length > 0) s.served = Math.max(s.served, active[0]!.served);
    active.push(s);
  }

  mayStart(s: Sender, now: number): boolean {
    return s.cfg.id === 0 || Math.max(this.messages.readyAt(), s.messages.readyAt()) <= now;
  }

  counts(s: Sender, now: number): void {
    if (s.cfg.id === 0) return;
    this.messages.spend(now, 1);
    s.messages.spend(now, 1);
  }

  /** When the limits of the peer let a packet go that is no ack alone. */
  readyAt(): number {
    return Math.max(this.packets.readyAt(), this.bytes.readyAt());
  }

  /** Notes such a packet. */
  spend(now: number, bytes: number): void {
    this.packets.spend(now, 1);
    this.bytes.spend(now, bytes + packetCharge);
  }

  /** When a sender may send, as far as limits go. */
  private senderAt(s: Sender): number {
    const messages = s.cfg.id === 0 ? -never : this.messages.readyAt();
    return Math.max(s.bytes.readyAt(), s.messages.readyAt(), messages);
  }

  /** When there is something to send; -Infinity: now. */
  sendAt(now: number): number {
    let at = never;
    for (const active of this.classes) {
      for (const s of active) {
        if (s.wants(now)) at = Math.min(at, this.senderAt(s));
        at = Math.min(at, s.blockedDue(now));
      }
    }
    return Math.max(at, this.readyAt());
  }

  /** Appends what is to be sent, class after class, and in each first who had least for its weight. */
  write(b: Builder): void {
    for (const active of this.classes) {
      if (active.length === 0) continue;
      sortByServed(active);
      for (const s of active) this.serve(s, b);
      let kept = 0;
      for (const s of active) {
        s.active = s.pending;
        if (s.active) active[kept++] = s;
      }
      active.length = kept;
    }
  }

  private serve(s: Sender, b: Builder): void {
    const before = b.w.at;
    s.writeBlocked(b);
    if (this.senderAt(s) <= b.now) s.write(b, this);
    const n = b.w.at - before;
    if (n === 0) return;
    s.served += n / s.cfg.weight;
    s.bytes.spend(b.now, n);
  }

  expire(now: number): void {
    for (const s of this.senders.values()) s.expire(now);
  }

  /** Whether each message has its fate. */
  get drained(): boolean {
    for (const s of this.senders.values()) if (!s.drained) return false;
    return true;
  }

  /** Ends all that has no fate: how many messages of reliable deliveries that were, and of the others. */
  abandon(): [reliable: number, unreliable: number] {
    const n: [number, number] = [0, 0];
    for (const s of this.senders.values()) n[s.reliable ? 0 : 1] += s.abandon();
    return n;
  }
}

/** Sorts the few that there are, which nearly are already; Array.sort would allocate. */
function sortByServed(active: Sender[]): void {
  for (let i = 1; i < active.length; i++) {
    const s = active[i]!;
    let j = i;
    for (; j > 0 && active[j - 1]!.served > s.served; j--) active[j] = active[j - 1]!;
    active[j] = s;
  }
}

import { readItems, type Hello } from "../wire/index.js";
import { become } from "./become.js";
import { Bucket } from "./bucket.js";
import { never, packetBytes } from "./constants.js";
import { Outbox } from "./outbox.js";
import type { Message } from "./message.js";
import { type Builder } from "./packet.js";
import { FullSender } from "./sender_full.js";
import type { Line, Sums } from "./sums.js";

const packetCharge = 48; // of a packet, beside its frames, where bytes are limited: SPEC.md, 7.13

/** A Class is the channels of a priority: the first n of all have something to send. An array that is emptied would allocate again. */
export interface Class {
  readonly all: FullSender[];
  n: number;
}

/** A FullOutbox keeps to limits, sends again what was lost, and sums of messages (SPEC.md, 6.9). */
export class FullOutbox extends Outbox {
  declare readonly senders: Map<number, FullSender>;
  private classes!: Class[]; // by priority
  private repaired!: FullSender[]; // those that are, once it is learnt how
  private packets!: Bucket;
  private bytes!: Bucket;

  /** Has an outbox know all that. */
  static of(outbox: Outbox, now: number): FullOutbox {
    const none = new Bucket(now, 0);
    const classes = new Map<number, Class>();
    for (const s of outbox.senders.values()) {
      const { id, priority = 0, bytesPerSecond = 0 } = s.cfg;
      const of = id === 0 ? Infinity : priority;
      const active = classes.get(of) ?? { all: [], n: 0 };
      classes.set(of, active);
      FullSender.of(s, active, new Bucket(now, bytesPerSecond), none);
    }
    const sorted = [...classes].sort(([a], [b]) => b - a);
    const repaired = [...outbox.senders.values() as Iterable<FullSender>].filter(
      (s) => s.id > 0 && s.reliable && s.cfg.repair !== "off",
    );
    const fields = { repaired, classes: sorted.map(([, active]) => active), packets: none, bytes: none };
    return become(outbox, FullOutbox, fields);
  }

  /** Keeps to what the peer takes, by its HELLO. */
  limit(now: number, hello: Hello): void {
    const { limits, channelLimits } = readItems(hello);
    this.packets = new Bucket(now, limits.packets);
    this.bytes = new Bucket(now, limits.bytes);
    const messages = new Bucket(now, limits.messages);
    for (const s of this.senders.values()) s.shared = messages;
    for (const { channel, bytes, messages } of channelLimits) {
      const s = this.senders.get(channel);
      if (!s || channel === 0) continue;
      const least = Math.min(bytes || never, s.bytes.rate || never);
      s.bytes = new Bucket(now, least === never ? 0 : least);
      s.messages = new Bucket(now, messages);
    }
  }

  /** How many bytes the peer takes within a time. */
  roomWithin(now: number, time: number): number {
    const { bytes, packets } = this;
    return Math.min(bytes.within(now, time), packets.within(now, time) * packetBytes);
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

  /** Has lost messages come back without a round trip: those of the channels that say so. */
  repairLost(sums: (s: FullSender) => Sums<Message>): void {
    for (const s of this.repaired) s.sums = sums(s);
  }

  /** When there is something to send; -Infinity: now. */
  sendAt(now: number): number {
    let at = Infinity;
    for (const { all, n } of this.classes)
      for (let i = 0; i < n; i++) at = Math.min(at, all[i]!.sendAt(now));
    return Math.max(at, this.readyAt());
  }

  /** Class after class; of one goes first who had least for its weight. */
  override write(b: Builder): void {
    for (const s of this.repaired) s.first = s.open.end;
    for (const active of this.classes) {
      const { all } = active;
      sortByServed(active);
      let kept = 0;
      for (let i = 0; i < active.n; i++) {
        const s = all[i]!;
        s.write(b);
        s.active = s.pending;
        if (s.active) all[kept++] = s;
      }
      active.n = kept;
    }
  }

  /** Appends sums of messages behind all else. */
  repair(b: Builder, line: Line): void {
    const lost = !line.reliable && line.losses.last >= 0;
    for (const s of this.repaired) {
      if (s.sums) s.sums.write(b.now, b.w, line, Math.min(s.first, s.open.end));
      else if (lost) this.c.cfg.needs("repair");
    }
  }

  /** Whether each message has its fate. */
  get drained(): boolean {
    for (const s of this.senders.values()) if (!s.drained) return false;
    return true;
  }

  /** Ends what is of no use any more. */
  expire(now: number): void {
    for (const s of this.senders.values()) s.expire(now);
  }
}

/** Sorts the few that there are, which nearly are already; Array.sort would allocate. */
function sortByServed({ all: active, n }: Class): void {
  for (let i = 1; i < n; i++) {
    const s = active[i]!;
    let j = i;
    for (; j > 0 && active[j - 1]!.served > s.served; j--) active[j] = active[j - 1]!;
    active[j] = s;
  }
}

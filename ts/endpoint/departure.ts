import { CLOSE_ACK, PATH_STATUS, PING, READS_REPAIR, numberBytes, Writer } from "../wire/index.js";
import { never, packetBytes } from "./constants.js";
import { type Common } from "./common.js";
import { type Inbox } from "./inbox.js";
import { type Life } from "./life.js";
import { type Outbox } from "./outbox.js";
import { Builder, type Item, type Packet } from "./packet.js";
import { type Fate } from "./path.js";
import { type Paths } from "./paths.js";
import { type Way } from "./way.js";

const pingAfter = 8; // packets of ACK alone
const statusBytes = 14;

/** An Outgoing is a packet for the peer. */
export class Outgoing {
  path = 0;
  /** Where the path goes. */
  route = 0;
  number = 0;
  /** In how few bytes the peer needs the number. */
  numberBytes = 2;
  /** The frames, from 0 to where it is. */
  readonly frames: Writer;

  constructor(room: number) {
    this.frames = new Writer(new Uint8Array(room));
  }
}

/** A Departure makes packets. */
export class Departure {
  private b = new Builder();

  constructor(
    private c: Common,
    private inbox: Inbox,
    private outbox: Outbox,
    private paths: Paths<Packet, Way>,
    private life: Life,
    private room: (p: Way) => number,
  ) {}

  /** Makes the next packet that is to be sent now; false if there is none. */
  next(now: number, out: Outgoing): boolean {
    const { life } = this;
    if (life.state === "dead" || life.state === "meeting") return false;
    if (life.state === "closing") return this.end(now, out);
    for (let asked = 0, p; (p = this.paths.turn(now, asked)); asked |= 1 << p.id) {
      if (!p.busy && this.on(now, p, out)) return true;
    }
    return false;
  }

  /** Begins a packet. */
  private begin(now: number, p: Way, out: Outgoing): Builder {
    const { b } = this;
    const w = out.frames;
    w.at = 0;
    w.end = Math.min(this.room(p), w.bytes.length);
    b.begin(now, p.fresh(), w);
    return b;
  }

  /** Makes a packet for a path, if it has something to send now. */
  private on(now: number, p: Way, out: Outgoing): boolean {
    const { paths } = this;
    const b = this.begin(now, p, out);
    const { w, packet } = b;
    if (paths.proves(now, p)) {
      paths.writeProof(now, p, w);
      packet.aside = packet.eliciting = true;
      return this.commit(p, out, false);
    }
    const acked = p.acks.waiting > 0 && p.acks.write(w, now);
    const start = w.at;
    this.fill(b, p, acked);
    if (w.at > start) return this.commit(p, out, acked);
    // an ACK alone goes when it is due, or if it is in the way of what fills a packet
    const due = acked && (now >= p.acks.at || this.waits(now, p));
    return due && this.commit(p, out, acked);
  }

  /** Appends what goes behind the ACK. */
  private fill(b: Builder, p: Way, acked: boolean): void {
    const { life, paths } = this;
    const { now } = b;
    if (life.quiet || life.state === "away") {
      if (p.probes > 0 || (life.state === "open" && now >= life.pingAt(p))) this.ping(b, p);
    } else {
      const may = p.canSend(now, packetBytes);
      const carries = paths.carries(p);
      const state = life.drain.state(this.outbox.drained);
      if (state > 0 && (acked || (life.drainDue && may && carries))) life.drain.write(b, state);
      if (may && carries) this.content(b, p);
      if (may && !b.packet.eliciting && (p.probes > 0 || now >= life.pingAt(p))) this.ping(b, p);
      if (!b.packet.eliciting && life.own.copies > 0 && carries) life.own.write(b); // behind all else
      return;
    }
    if (!b.packet.eliciting && life.state === "open" && life.own.copies > 0) life.own.write(b);
  }

  /** Whether something could go on a path but for the room. */
  private waits(now: number, p: Way): boolean {
    return this.workAt(now) <= now && p.canSend(now, packetBytes) && this.paths.carries(p);
  }

  private ping(b: Builder, p: Way): void {
    if (b.room < 1) return;
    b.w.u8(PING);
    b.packet.eliciting = true;
    p.pingedAt = b.now;
  }

  /** Appends what an active path carries. */
  private content(b: Builder, p: Way): void {
    const { w } = b;
    const before = w.at;
    if (this.inbox.owing) this.inbox.write(b, this.paths.lead.rtt.smooth);
    const of = this.paths.owesStatus();
    if (of && b.room >= statusBytes) {
      this.paths.writeStatus(of, w);
      b.carry(PATH_STATUS, this, undefined, of.id, of.claims.serial);
    }
    const messages = w.at;
    if (this.outbox.readyAt() <= b.now) this.outbox.write(b);
    if (w.at > messages) p.acks.talked(b.now, this.c.cfg.ackHold);
    if (b.packet.eliciting && this.life.peerReads(READS_REPAIR)) this.outbox.repair(b, p);
    this.paths.serve(p, w.at - before);
  }

  settled(item: Item, fate: Fate): void {
    if (fate === "lost" || fate === "repeat") this.paths.statusLost(item.from, item.to);
  }

  /** Notes the packet as sent. */
  private commit(p: Way, out: Outgoing, acked: boolean): boolean {
    const { b } = this;
    const { w, packet, now } = b;
    const { acks } = p;
    if (packet.eliciting) {
      acks.alone = 0;
    } else if (++acks.alone >= pingAfter && acks.heardMore && now - p.pingedAt >= p.rtt.smooth) {
      acks.heardMore = false; // so that ranges can be forgotten
      this.ping(b, p);
    }
    if (acked) {
      packet.ackLargest = acks.newest;
      packet.ackStamp = acks.lateStamp;
      acks.sent(now, this.c.cfg.ackHold);
    }
    packet.bytes = w.at + this.c.cfg.packetOverheadBytes;
    packet.limited = this.life.quiet || this.outbox.sendAt(now) > now;
    if (packet.eliciting) this.life.limited = packet.limited;
    if (packet.eliciting) this.outbox.spend(now, w.at);
    out.path = p.id;
    out.route = p.claims.route;
    out.number = p.next;
    out.numberBytes = numberBytes(p.next, p.largestAcked);
    p.onSent(now, packet);
    this.c.stats.bytesSent += packet.bytes;
    return true;
  }

  private lastClosed = -1;

  /** Makes a packet of the end: CLOSE_ACK alone, or CLOSE behind an ACK of all, on one path after the other. */
  private end(now: number, out: Outgoing): boolean {
    const { closing } = this.life;
    const answers = closing.answerOn >= 0;
    if (!answers && now < closing.sendAt) return false;
    const p = answers ? this.paths.all[closing.answerOn]! : this.nextToClose();
    closing.answerOn = -1;
    if (!p) return false;
    const b = this.begin(now, p, out);
    if (answers) {
      b.w.u8(CLOSE_ACK);
      return this.commit(p, out, false);
    }
    closing.sendAt = now + p.pto();
    this.lastClosed = p.id;
    const acked = p.acks.newest >= 0 && p.acks.write(b.w, now);
    closing.write(b.w);
    if (!b.w.fits) return false;
    return this.commit(p, out, acked);
  }

  /** The path behind the last one, of those that are active if there are any. */
  private nextToClose(): Way | undefined {
    const { all } = this.paths;
    let best: Way | undefined;
    for (let i = 1; i <= all.length; i++) {
      const p = all[(this.lastClosed + i + all.length) % all.length]!;
      if (!p.claims.proven || p.claims.route < 0) continue;
      if (p.claims.active) return p;
      best ??= p;
    }
    return best;
  }

  /** When there is something to send; -Infinity: now. */
  at(now: number): number {
    const { life, paths } = this;
    if (life.state === "dead" || life.state === "meeting") return never;
    if (life.state === "closing") return life.closing.deadline();
    let at = never;
    const work = this.workAt(now);
    for (const p of paths.all) {
      if (p.claims.stage === "closed" || p.claims.route < 0 || p.busy) continue;
      if (p.probes > 0) return -never;
      at = Math.min(at, paths.provesAt(p), p.acks.at, life.pingAt(p));
      if (paths.carries(p)) at = Math.min(at, Math.max(work, p.nextSend()));
      if (life.own.copies > 0 && paths.carries(p)) return -never;
    }
    return at;
  }

  private workAt(now: number): number {
    const { life } = this;
    if (life.quiet || life.state !== "open") return never;
    if (this.inbox.owing || life.drainDue || this.paths.owesStatus()) return -never;
    return this.outbox.sendAt(now);
  }
}

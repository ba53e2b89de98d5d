import { PATH_STATUS, READS_REPAIR } from "../wire/index.js";
import { become } from "./become.js";
import { never, packetBytes } from "./constants.js";
import { Departure, type Outgoing } from "./departure.js";
import { type FullLife } from "./life_full.js";
import { type FullOutbox } from "./outbox_full.js";
import { type Builder, type Item, type Packet } from "./packet.js";
import { type Fate } from "./path.js";
import { type SeveralPaths } from "./several.js";
import { type FullWay } from "./way.js";

const pingAfter = 8; // packets of ACK alone
const statusBytes = 14;

/** A FullDeparture makes packets for several paths, and says what goes beside messages. */
export class FullDeparture extends Departure {
  declare protected outbox: FullOutbox;
  declare protected paths: SeveralPaths<Packet, FullWay>;
  declare protected life: FullLife;
  private lastClosed!: number;

  /** Has a departure know all that. */
  static of(departure: Departure): FullDeparture {
    return become(departure, FullDeparture, { lastClosed: -1 });
  }

  protected override asks(b: Builder, p: FullWay): boolean {
    if (!this.paths.proves(b.now, p)) return false;
    this.paths.writeProof(b.now, p, b.w);
    return (b.packet.aside = b.packet.eliciting = true);
  }

  protected override fill(b: Builder, p: FullWay, acked: boolean): void {
    const { life } = this;
    const { now, packet } = b;
    const carries = this.paths.carries(p);
    if (life.quiet || life.state === "away") {
      if (p.probes > 0 || now >= life.pingAt(p)) this.ping(b, p);
      if (!packet.eliciting && life.state === "open" && life.own.copies > 0) life.own.write(b);
      return;
    }
    const may = p.canSend(now, packetBytes);
    const state = life.drain.state(this.outbox.drained);
    if (state > 0 && (acked || (life.drainDue && may && carries))) life.drain.write(b, state);
    if (may && carries) this.content(b, p);
    if (may) this.pingIfDue(b, p);
    if (!packet.eliciting && life.own.copies > 0 && carries) life.own.write(b); // behind all else
  }

  protected override get trip(): number {
    return this.paths.lead.rtt.smooth;
  }

  protected override patience(p: FullWay): number {
    return p.pto();
  }

  /** What is asked and repaired goes with messages. */
  protected override content(b: Builder, p: FullWay): void {
    const before = b.w.at;
    super.content(b, p);
    if (b.packet.eliciting && this.life.peerReads(READS_REPAIR)) this.outbox.repair(b, p);
    this.paths.serve(p, b.w.at - before);
  }

  protected override messages(b: Builder, p: FullWay): void {
    const of = this.paths.owesStatus();
    if (of && b.room >= statusBytes) {
      this.paths.writeStatus(of, b.w);
      b.carry(PATH_STATUS, this, undefined, of.id, of.claims.serial);
    }
    const before = b.w.at;
    super.messages(b, p);
    if (b.w.at > before) p.acks.talked(b.now, this.c.cfg.ackHold);
  }

  settled(item: Item, fate: Fate): void {
    if (fate === "lost" || fate === "repeat") this.paths.statusLost(item.from, item.to);
  }

  protected override commit(p: FullWay, out: Outgoing, acked: boolean): void {
    const { b } = this;
    const { packet, now } = b;
    const { acks } = p;
    if (packet.eliciting) {
      acks.alone = 0;
    } else if (++acks.alone >= pingAfter && acks.heardMore && now - p.pingedAt >= p.rtt.smooth) {
      acks.heardMore = false; // so that ranges can be forgotten
      this.ping(b, p);
    }
    packet.limited = this.life.quiet || this.outbox.sendAt(now) > now;
    if (packet.eliciting) this.life.limited = packet.limited;
    super.commit(p, out, acked);
  }

  /** The path behind the last one, of those that are active if there are any. */
  protected override closeOn(): FullWay | undefined {
    const { all } = this.paths;
    let best: FullWay | undefined;
    for (let i = 1; i <= all.length; i++) {
      const p = all[(this.lastClosed + i + all.length) % all.length]!;
      if (!p.claims.proven || p.claims.route < 0) continue;
      if (!best?.claims.active && (!best || p.claims.active)) best = p;
    }
    if (best) this.lastClosed = best.id;
    return best;
  }

  protected override pathAt(p: FullWay, work: number): number {
    if (this.life.own.copies > 0 && this.paths.carries(p)) return -never;
    return Math.min(super.pathAt(p, work), this.paths.provesAt(p));
  }

  protected override workAt(now: number): number {
    const { life } = this;
    if (life.quiet || life.state !== "open") return never;
    return life.drainDue || this.paths.owesStatus() ? -never : super.workAt(now);
  }
}

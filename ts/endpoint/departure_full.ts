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

  protected override on(now: number, p: FullWay, out: Outgoing): boolean {
    if (!this.paths.proves(now, p)) return super.on(now, p, out);
    const { w, packet } = this.begin(now, p, out);
    this.paths.writeProof(now, p, w);
    packet.aside = packet.eliciting = true;
    this.commit(p, out, false);
    return true;
  }

  /** It goes when it is due, or if it is in the way of what fills a packet. */
  protected override ackGoes(now: number, p: FullWay): boolean {
    if (super.ackGoes(now, p)) return true;
    return this.workAt(now) <= now && p.canSend(now, packetBytes) && this.paths.carries(p);
  }

  protected override fill(b: Builder, p: FullWay, acked: boolean): void {
    const { keeping, quiet } = this.life;
    const carries = this.paths.carries(p);
    const may = p.canSend(b.now, packetBytes);
    if (!quiet) keeping?.announce(b, acked, may && carries);
    if (!quiet && may && carries) this.content(b, p);
    if (quiet || may) this.pingIfDue(b, p);
    if (keeping?.holdDue && !b.packet.eliciting && (quiet || carries)) keeping.writeHold(b);
  }

  override at(now: number): number {
    const { state, closing, lives } = this.life;
    if (state === "closing") return closing.deadline();
    let at = never;
    for (const p of this.paths.all) {
      const stands = lives && p.claims.stage !== "closed" && this.takes(p);
      if (stands) at = Math.min(at, this.pathAt(now, p));
    }
    return at;
  }

  protected override any(now: number, out: Outgoing): boolean {
    for (let asked = 0, p; (p = this.paths.turn(now, asked)); asked |= 1 << p.id) {
      if (!p.busy && this.on(now, p, out)) return true;
    }
    return false;
  }

  /** CLOSE goes again and again, on one path after the other. */
  protected override end(now: number, out: Outgoing): boolean {
    const { closing } = this.life;
    const answers = closing.answerOn >= 0;
    if (!answers && now < closing.sendAt) return false;
    const p = answers ? this.paths.all[closing.answerOn] : this.closeOn();
    closing.answerOn = -1;
    if (!p) return false;
    if (!answers) closing.sendAt = now + p.pto();
    return this.say(now, p, out, answers);
  }

  /** What is asked and repaired goes with messages. */
  protected override content(b: Builder, p: FullWay): void {
    const before = b.w.at;
    this.c.trip = this.paths.lead.rtt.smooth;
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
    if (this.outbox.readyAt() > b.now) return;
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
    packet.ackStamp = acks.stamp;
    packet.limited = this.life.quiet || this.outbox.sendAt(now) > now;
    if (packet.eliciting) {
      this.life.limited = packet.limited;
      this.outbox.spend(now, b.w.at);
    }
    super.commit(p, out, acked);
  }

  /** The path that loses nothing, else the best, then the one behind the last, of those that are active if there are any. */
  private closeOn(): FullWay | undefined {
    const { all, lead } = this.paths;
    const sure = all.find((p) => p.reliable && p.claims.active) ?? lead;
    const first = this.lastClosed < 0 ? sure.id : this.lastClosed + 1;
    let best: FullWay | undefined;
    for (let i = 0; i < all.length; i++) {
      const p = all[(first + i) % all.length]!;
      if (!p.claims.proven || p.claims.route < 0) continue;
      if (!best?.claims.active && (!best || p.claims.active)) best = p;
    }
    if (best) this.lastClosed = best.id;
    return best;
  }

  protected override pathAt(now: number, p: FullWay): number {
    const carries = this.paths.carries(p);
    if (carries && this.life.keeping?.holdDue) return -never;
    const sends = carries ? Math.max(this.workAt(now), p.nextSend()) : never;
    return Math.min(sends, super.pathAt(now, p), this.paths.provesAt(p));
  }

  /** When there is something to send, whatever the paths take. */
  private workAt(now: number): number {
    const { life, inbox, paths, outbox } = this;
    if (life.quiet || life.state !== "open") return never;
    return life.keeping?.drainDue || inbox.owing || paths.owesStatus() ? -never : outbox.sendAt(now);
  }
}

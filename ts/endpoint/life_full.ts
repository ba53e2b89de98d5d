import {
  ACK,
  CLOSE,
  CLOSE_ACK,
  FRAGMENT,
  PING,
  READS_HOLD,
  Ack,
  readRanges,
  readClose,
  reads,
  type Reader,
} from "../wire/index.js";
import { become } from "./become.js";
import { never, second } from "./constants.js";
import { Closing } from "./closing.js";
import { Drain } from "./drain.js";
import { answer } from "./farewell.js";
import { OwnHold, PeerHold } from "./hold.js";
import { type FullInbox } from "./inbox_full.js";
import { Life, mostSilence } from "./life.js";
import { type FullOutbox } from "./outbox_full.js";
import { type Packet } from "./packet.js";
import { type SeveralPaths } from "./several.js";
import { type FullWay } from "./way.js";

const ack = new Ack();
const rateInterval = second / 4;

/** What a path carries in a second. */
const rateOf = (p: FullWay) => (p.windowBytes * 1e6) / Math.max(p.rtt.smooth, 1);

/** A FullLife knows what is held and drained, and keeps a connection whose peer is away. */
export class FullLife extends Life {
  declare protected inbox: FullInbox;
  declare protected outbox: FullOutbox;
  declare protected paths: SeveralPaths<Packet, FullWay>;
  /** There was nothing more to send behind the last packet. */
  limited!: boolean;
  readonly closing!: Closing;
  own!: OwnHold;
  held!: PeerHold;
  drain!: Drain;
  /** For how long the connection is kept after the timeout. */
  keepFor!: number;
  private rate!: number; // that was told last, and when
  private rateAt!: number;
  private awaySince!: number;
  private askAt!: number; // when a peer that is away is asked again, and after how long the next time
  private askWait!: number;

  /** Has a life know all that. */
  static of(life: Life): FullLife {
    const l = become(life, FullLife, {
      peer: life.peer,
      parting: life.parting,
      limited: true,
      closing: new Closing(),
      own: new OwnHold(),
      held: new PeerHold(),
      drain: new Drain(),
      keepFor: 0,
      rate: 0,
      rateAt: 0,
      awaySince: 0,
      askAt: 0,
      askWait: 0,
    });
    l.rate = rateOf(l.paths.lead); // which a game may assume
    if (l.parting) l.drain.begin(l.parting);
    if (l.state === "closing") l.leave(l.c.now, l.last === answer ? 0 : -1);
    return l;
  }

  peerReads(capability: number): boolean {
    return this.peer !== undefined && reads(this.peer, capability);
  }

  /** One end is silent: no data goes. */
  get quiet(): boolean {
    return this.held.on || (this.own.on && this.own.silent);
  }

  override pingAt(p: FullWay): number {
    if (this.own.on && this.own.silent) return never;
    const at = super.pingAt(p);
    return this.held.on ? Math.max(at, p.pingedAt + this.pingInterval) : at;
  }

  override heard(now: number): void {
    super.heard(now);
    if (this.state === "away") this.back(now);
  }

  /** A message was sent. */
  wake(): void {
    this.own.woken ||= this.own.on;
  }

  protected override leave(now: number, path: number): void {
    super.leave(now, path);
    const { closing } = this;
    closing.answerOn = path;
    if (path < 0) closing.begin(now);
    else closing.bury(now, this.paths.patience);
  }

  private back(now: number): void {
    this.state = "open";
    this.awake(now, now);
    this.c.events.push({ kind: "back" });
  }

  /** A silence of either end is over: its time measures nothing. */
  private awake(now: number, heard: number): void {
    this.heardAt = Math.max(this.heardAt, heard);
    this.paths.awake(now);
    this.hush();
    for (const p of this.paths.all) p.probes = 0;
  }

  /** Has paths ask for nothing while the peer is silent, or gone. */
  hush(): void {
    const quiet = this.held.on || this.state === "away";
    this.paths.held = quiet || this.own.on;
    for (const p of this.paths.all) p.quiet = quiet || !p.claims.active;
  }

  hold(now: number, time: number): void {
    this.own.begin(now, time);
    this.hush();
  }

  endHold(now: number): void {
    if (this.own.end(now)) this.awake(now, now);
  }

  /** Tells how much the paths carry, four times a second at most; that it is more only to who has more to send. */
  tellRate(now: number): void {
    if (this.state !== "open" || now - this.rateAt < rateInterval) return;
    let rate = 0;
    for (const p of this.paths.all) if (p.claims.active) rate += rateOf(p);
    const more = rate - this.rate;
    if (4 * Math.abs(more) < this.rate || (this.limited && more > 0)) return;
    this.rate = rate;
    this.rateAt = now;
    this.c.events.push({ kind: "RateChanged", bytesPerSecond: Math.round(rate) });
  }

  /** HOLD came. */
  peerHolds(now: number, path: number, number: number, serial: number, time: number): void {
    const ended = this.held.heard(now, path, number, serial, time, this.c.cfg.maxHold);
    if (ended) this.awake(now, this.held.until);
    else this.hush();
  }

  /** A packet without HOLD came. */
  heardMore(now: number, path: number, number: number, data: boolean): void {
    if (this.held.without(path, number, data)) this.endPeerHold(now, now);
  }

  private endPeerHold(now: number, heard: number): void {
    this.held.on = false;
    this.awake(now, heard);
  }

  /** Goes on under new keys: SPEC.md, 7.16. */
  continued(now: number): void {
    this.own.forget();
    this.held.on = false;
    super.heard(now);
    if (this.state === "away") this.back(now);
    this.hush();
  }

  protected override timeoutAt(): number {
    let heard = this.heardAt;
    if (this.own.on) heard = Math.max(heard, this.own.until);
    if (this.held.on) heard = Math.max(heard, this.held.until);
    return Math.min(heard, this.held.lastAt(this.c.cfg.maxHold)) + this.c.cfg.timeout;
  }

  protected override partAt(): number {
    const { drain, state } = this;
    if (!drain.on) return never;
    if (state === "meeting") return -never;
    const measured = this.paths.all.some((p) => p.largestAcked >= 0);
    const patience = measured ? this.paths.patience : 0;
    const { drained } = this.outbox;
    return drain.overAt(drained, this.heardAt, state === "away", this.held.on, patience);
  }

  /** Whether a packet has to go because of a drain. */
  get drainDue(): boolean {
    return this.state === "open" && this.drain.on && this.drain.due(this.outbox.drained);
  }

  override deadline(): number {
    if (this.state === "closing") return this.closing.until;
    if (this.ended) return never;
    const at = Math.min(this.c.expireAt, this.partAt(), this.own.endsAt());
    if (this.state === "away") return Math.min(at, this.awaySince + this.keepFor, this.askAt);
    return Math.min(at, this.timeoutAt(), this.held.on ? this.held.until : never);
  }

  override timeout(now: number): void {
    if (this.state === "closing" && now >= this.closing.until) this.state = "dead";
    super.timeout(now);
  }

  protected override due(now: number): void {
    if (now >= this.own.endsAt()) this.endHold(now);
    if (this.held.on && now >= this.held.until) this.endPeerHold(now, this.held.until);
    if (this.state !== "away" && now >= this.timeoutAt()) this.miss(now);
    if (this.state === "away") this.ask(now);
    if (now >= this.c.expireAt) {
      this.c.expireAt = never;
      this.outbox.expire(now);
      this.inbox.expire(now);
    }
    this.part(now);
  }

  /** Nothing was heard for the timeout. A peer that is kept is away from then on. */
  private miss(now: number): void {
    const since = this.timeoutAt();
    if (this.state !== "open" || now >= since + this.keepFor) {
      this.giveUp();
      return;
    }
    this.state = "away";
    this.awaySince = since;
    this.askWait = this.pingInterval;
    this.askAt = now + this.askWait;
    this.hush();
    for (const p of this.paths.all) p.probes = 0;
    this.c.events.push({ kind: "away" });
  }

  private ask(now: number): void {
    if (now >= this.awaySince + this.keepFor) {
      this.giveUp();
    } else if (now >= this.askAt) {
      this.askWait = Math.min(2 * this.askWait, mostSilence);
      this.askAt = now + this.askWait;
      for (const p of this.paths.all) if (p.claims.proven) p.probes = 1;
    }
  }

  /** Of CLOSE and CLOSE_ACK the peer has to know, and we, that it knows: SPEC.md, 7.9. */
  override readClosing(now: number, path: number, r: Reader): void {
    const { closing } = this;
    while (r.left > 0) {
      const type = r.u8();
      if (type >= ACK && type < FRAGMENT) {
        readRanges(r, type, ack);
      } else if (type === CLOSE || type === CLOSE_ACK) {
        if (type === CLOSE) {
          readClose(r);
          closing.answerOn = path;
        }
        if (!closing.tombstone) closing.bury(now, this.paths.patience);
        return;
      } else if (type !== PING) {
        return;
      }
    }
  }

  /** How long a silence may be announced; 0: none. */
  get grantedHold(): number {
    return this.peerReads(READS_HOLD) ? this.peer!.silence * second : 0;
  }
}

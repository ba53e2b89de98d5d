import { READS_HOLD, Code, reads, type Hello } from "../wire/index.js";
import { never, second } from "./constants.js";
import { Closing } from "./closing.js";
import { type Common } from "./common.js";
import { Drain } from "./drain.js";
import { OwnHold, PeerHold } from "./hold.js";
import { type Inbox } from "./inbox.js";
import { type Outbox } from "./outbox.js";
import { type Packet } from "./packet.js";
import { type Paths } from "./paths.js";
import { type Way } from "./way.js";

const mostSilence = 5 * second; // without a PING
const rateInterval = second / 4;

/**
 * Where an endpoint is in its life:
 *
 *     meeting → open ⇄ away → dead
 *                 ↘ closing → dead
 */
export type State = "meeting" | "open" | "away" | "closing" | "dead";

/** A Life is where the connection is in its life: what is held and drained, and how it ends. */
export class Life {
  state: State = "meeting";
  readonly own = new OwnHold();
  readonly held = new PeerHold();
  readonly drain = new Drain();
  readonly closing = new Closing();
  /** What the peer said of itself. */
  peer: Hello | undefined;
  /** For how long the connection is kept after the timeout. */
  keepFor: number;
  /** There was nothing more to send behind the last packet. */
  limited = true;
  private heardAt: number;
  private rate = 0; // that was told last, and when
  private rateAt = 0;
  private awaySince = 0;
  private askAt = 0; // when a peer that is away is asked again, and after how long the next time
  private askWait = 0;

  constructor(
    private c: Common,
    private inbox: Inbox,
    private outbox: Outbox,
    private paths: Paths<Packet, Way>,
  ) {
    this.heardAt = c.now;
    this.keepFor = c.cfg.keepFor;
  }

  opened(now: number, peer: Hello): void {
    this.peer = peer;
    this.state = "open";
    this.heardAt = Math.max(this.heardAt, now);
    const { windowBytes, rtt } = this.paths.lead;
    this.rate = (windowBytes * 1e6) / Math.max(rtt.smooth, 1); // which a game may assume
    this.c.events.push({ kind: "opened" });
  }

  peerReads(capability: number): boolean {
    return this.peer !== undefined && reads(this.peer, capability);
  }

  get ended(): boolean {
    return this.state === "closing" || this.state === "dead";
  }

  /** Messages flow, or wait for a peer that is away. */
  get lives(): boolean {
    return this.state === "open" || this.state === "away";
  }

  get accepts(): boolean {
    return !this.ended && !this.drain.on;
  }

  /** One end is silent: no data goes. */
  get quiet(): boolean {
    return this.held.on || (this.own.on && this.own.silent);
  }

  /** How long nothing may be heard until a PING goes. */
  get pingInterval(): number {
    return Math.min(this.c.cfg.timeout / 4, mostSilence);
  }

  /** When a PING is due on a path that owes no answer. */
  pingAt(p: Way): number {
    if (this.state !== "open" || !p.claims.active || p.eliciting > 0) return never;
    if (this.own.on && this.own.silent) return never;
    return Math.max(p.claims.heardAt, this.held.on ? p.pingedAt : -never) + this.pingInterval;
  }

  /** Something authentic came. */
  heard(now: number): void {
    this.heardAt = Math.max(this.heardAt, now);
    if (this.state !== "away") return;
    this.back(now);
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
    for (const p of this.paths.all) {
      if (p.claims.active) rate += (p.windowBytes * 1e6) / Math.max(p.rtt.smooth, 1);
    }
    const more = rate - this.rate;
    if (4 * Math.abs(more) < this.rate || (this.limited && more > 0)) return;
    this.rate = rate;
    this.rateAt = now;
    this.c.events.push({ kind: "rate", bytesPerSecond: Math.round(rate) });
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

  /** This end closes the connection. */
  close(now: number, code: number, text: string): void {
    if (this.ended) return;
    this.over(code, text, false);
    this.state = "closing";
    this.closing.begin(now, code, text);
  }

  /** The peer has closed it: everything that came before may be received. */
  closed(now: number, path: number, code: number, text: string): void {
    this.over(code, text, true);
    this.state = "closing";
    this.closing.bury(now, this.paths.patience);
    this.closing.answerOn = path;
  }

  private over(code: number, text: string, remote: boolean): void {
    const [reliable, unreliable] = this.outbox.abandon();
    const undelivered = reliable + unreliable;
    this.c.events.push({ kind: "closed", code, text, remote, undelivered, unreliable });
  }

  private giveUp(): void {
    this.over(Code.timeout, "nothing was heard for the timeout", false);
    this.state = "dead";
  }

  /** Goes on under new keys: SPEC.md, 7.16. */
  continued(now: number): void {
    this.own.forget();
    this.held.on = false;
    this.heardAt = Math.max(this.heardAt, now);
    if (this.state === "away") this.back(now);
    this.hush();
  }

  /** When the silence of the peer ends the connection, or it is away. */
  private timeoutAt(): number {
    let heard = this.heardAt;
    if (this.own.on) heard = Math.max(heard, this.own.until);
    if (this.held.on) heard = Math.max(heard, this.held.until);
    return Math.min(heard, this.held.lastAt(this.c.cfg.maxHold)) + this.c.cfg.timeout;
  }

  private drainAt(): number {
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

  /** When {@link timeout} has something to do. */
  deadline(): number {
    if (this.state === "dead") return never;
    if (this.state === "closing") return this.closing.until;
    const at = Math.min(this.c.expireAt, this.drainAt(), this.own.endsAt());
    if (this.state === "away") return Math.min(at, this.awaySince + this.keepFor, this.askAt);
    return Math.min(at, this.timeoutAt(), this.held.on ? this.held.until : never);
  }

  /** Does what is due. */
  timeout(now: number): void {
    if (this.state === "closing" && now >= this.closing.until) this.state = "dead";
    if (this.ended) return;
    if (now >= this.own.endsAt()) this.endHold(now);
    if (this.held.on && now >= this.held.until) this.endPeerHold(now, this.held.until);
    if (this.state !== "away" && now >= this.timeoutAt()) this.miss(now);
    if (this.state === "away") this.ask(now);
    if (now >= this.c.expireAt) {
      this.c.expireAt = never;
      this.outbox.expire(now);
      this.inbox.expire(now);
    }
    if (now >= this.drainAt()) this.close(now, this.drain.code, this.drain.text);
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

  /** How long a silence may be announced; 0: none. */
  get grantedHold(): number {
    return this.peerReads(READS_HOLD) ? this.peer!.silence * second : 0;
  }
}

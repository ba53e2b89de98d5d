import {
  DRAINING,
  HOLD,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  PATH_STATUS,
  PING,
  FRAGMENT,
  READS_HOLD,
  want,
  type Reader,
} from "../wire/first.js";
import { readControl, type ControlMessage } from "../wire/control.js";
import { readDraining, readHoldTime } from "../wire/hold.js";
import type { Common } from "./common.js";
import { never, second } from "./constants.js";
import { Drain } from "./drain.js";
import type { FullEndpoint } from "./endpoint_full.js";
import { OwnHold, PeerHold } from "./hold.js";
import { mostSilence } from "./life.js";
import type { FullLife } from "./life_full.js";
import type { FullOutbox } from "./outbox_full.js";
import type { Builder, Packet } from "./packet.js";
import type { SeveralPaths } from "./several.js";
import type { FullWay } from "./way.js";

/** Frames that are not data, in the sense of a hold, beside those that say nothing. */
const noData = (1 << PING) | (1 << HOLD) | (1 << PATH_CHALLENGE) | (1 << PATH_RESPONSE) | (1 << PATH_STATUS) | (1 << 13);

/**
 * A Keeping is what keeps a connection through silence, and brings it to its end: holds of either end (SPEC.md, 6.7 and
 * 7.12), drains (7.9), a peer that is away and comes back (7.10 and 7.16), and what the server says of that on channel 0.
 */
export class Keeping {
  /** For how long the connection is kept after the timeout. */
  private keepFor = 0;
  private readonly own = new OwnHold();
  private readonly held = new PeerHold();
  private readonly drain = new Drain();
  private awaySince = 0;
  private askAt = never; // when a peer that is away is asked again, and after how long the next time
  private askWait = 0;
  private data = false; // in the packet that is read
  private holds = false;
  private drains = false;

  private readonly c: Common;
  private readonly life: FullLife;
  private readonly outbox: FullOutbox;
  private readonly paths: SeveralPaths<Packet, FullWay>;

  constructor(private readonly e: FullEndpoint) {
    ({ c: this.c, life: this.life, outbox: this.outbox, paths: this.paths } = e);
    if (this.life.parting) this.drain.begin(this.life.parting);
  }

  get away(): boolean {
    return this.life.state === "away";
  }

  /** One end is silent: no data goes. */
  get quiet(): boolean {
    return this.away || this.held.on || (this.own.on && this.own.silent);
  }

  /** When a PING is due on a path that would send one at an instant. */
  pingAt(p: FullWay, at: number): number {
    if (this.own.on && this.own.silent) return never;
    return this.held.on ? Math.max(at, p.pingedAt + this.life.pingInterval) : at;
  }

  /** Something authentic came. */
  heard(now: number): void {
    if (this.away) this.back(now);
  }

  private back(now: number): void {
    this.life.state = "open";
    this.awake(now, now);
    this.c.events.push({ kind: "back" });
  }

  /** A silence of either end is over: its time measures nothing. */
  private awake(now: number, heard: number): void {
    this.life.heardAt = Math.max(this.life.heardAt, heard);
    this.paths.awake(now);
    this.hush();
    for (const p of this.paths.all) p.probes = 0;
  }

  /** Has paths ask for nothing while the peer is silent, or gone. */
  private hush(): void {
    const quiet = this.held.on || this.away;
    this.paths.held = quiet || this.own.on;
    for (const p of this.paths.all) p.quiet = quiet || !p.claims.active;
  }

  /** A message was sent. */
  wake(): void {
    this.own.woken ||= this.own.on;
  }

  /** Announces silence, in microseconds; 0 ends it. False: the peer does not grant it, or there is no connection. */
  hold(now: number, time: number): boolean {
    const { life } = this;
    this.e.at(now);
    if (life.state !== "open" || (time > 0 && (this.drain.on || time > this.grantedHold))) return false;
    if (time > 0) {
      this.own.begin(now, time);
      this.hush();
    } else {
      this.endHold(now);
    }
    return true;
  }

  /** How long a silence may be announced; 0: none. */
  private get grantedHold(): number {
    const { life } = this;
    return life.peerReads(READS_HOLD) ? life.peer!.silence * second : 0;
  }

  private endHold(now: number): void {
    if (this.own.end(now)) this.awake(now, now);
  }

  private endPeerHold(now: number, heard: number): void {
    this.held.on = false;
    this.awake(now, heard);
  }

  /** The end is asked for, when what was sent is through. */
  parts(now: number): void {
    if (!this.drain.on) this.endHold(now);
    this.drain.begin(this.life.parting!);
  }

  /** Begins to read a packet. */
  begin(): void {
    this.data = this.holds = this.drains = false;
  }

  /** A frame comes. */
  saw(type: number): void {
    this.data ||= type >= FRAGMENT || (type > 0 && type < 16 && !((noData >> type) & 1));
  }

  /** Reads HOLD or DRAINING. */
  read(now: number, path: number, number: number, type: number, r: Reader): void {
    if (type === DRAINING) {
      this.drains = true;
      this.drain.peer = Math.max(this.drain.peer, readDraining(r));
      return;
    }
    const { maxHold } = this.c.cfg;
    this.holds = true;
    const serial = r.v();
    const time = readHoldTime(r) * 1000;
    want(time <= maxHold);
    if (this.held.heard(now, path, number, serial, time, maxHold)) this.awake(now, this.held.until);
    else this.hush();
  }

  /** The packet was read. True: its ACK goes at once, since the peer waits for that. */
  taken(now: number, path: number, number: number): boolean {
    if (!this.holds && this.held.without(path, number, this.data)) this.endPeerHold(now, now);
    return this.drains;
  }

  /** Appends what there is to say of a drain: beside other things, or because it is due and there may be more. */
  announce(b: Builder, acked: boolean, may: boolean): void {
    const state = this.drain.state(this.outbox.drained);
    if (state > 0 && (acked || (this.drainDue && may))) this.drain.write(b, state);
  }

  /** Whether a packet has to go because of a drain. */
  get drainDue(): boolean {
    return this.life.state === "open" && this.drain.on && this.drain.due(this.outbox.drained);
  }

  /** HOLD is to go, behind all else. */
  get holdDue(): boolean {
    return this.life.state === "open" && this.own.copies > 0;
  }

  writeHold(b: Builder): void {
    this.own.write(b);
  }

  /** When the silence of the peer ends the connection, or it is away. */
  timeoutAt(): number {
    const { own, held } = this;
    let heard = this.life.heardAt;
    const { maxHold, timeout } = this.c.cfg;
    if (this.away) return never;
    if (own.on) heard = Math.max(heard, own.until);
    if (held.on) heard = Math.max(heard, held.until);
    return Math.min(heard, held.lastAt(maxHold)) + timeout;
  }

  /** When a parting is over. */
  partAt(): number {
    const { drain, held } = this;
    if (!drain.on) return never;
    if (this.life.state === "meeting") return -never;
    const measured = this.paths.all.some((p) => p.largestAcked >= 0);
    const patience = measured ? this.paths.patience : 0;
    return drain.overAt(this.outbox.drained, this.life.heardAt, this.away, held.on, patience);
  }

  /** When {@link due} has something to do. */
  deadline(): number {
    const { own, held } = this;
    const gone = this.away ? Math.min(this.awaySince + this.keepFor, this.askAt) : never;
    return Math.min(own.endsAt(), held.on ? held.until : never, gone);
  }

  /** Does what is due. Nothing was heard for the timeout: a peer that is kept is away from then on. */
  due(now: number): void {
    const { own, held, life } = this;
    if (now >= own.endsAt()) this.endHold(now);
    if (held.on && now >= held.until) this.endPeerHold(now, held.until);
    const since = this.timeoutAt();
    if (life.state === "open" && now >= since && now < since + this.keepFor) this.miss(now, since);
    if (this.away) this.ask(now);
  }

  private miss(now: number, since: number): void {
    this.life.state = "away";
    this.awaySince = since;
    this.askWait = this.life.pingInterval;
    this.askAt = now + this.askWait;
    this.hush();
    for (const p of this.paths.all) p.probes = 0;
    this.c.events.push({ kind: "away" });
  }

  private ask(now: number): void {
    if (now >= this.awaySince + this.keepFor) {
      this.life.giveUp();
    } else if (now >= this.askAt) {
      this.askWait = Math.min(2 * this.askWait, mostSilence);
      this.askAt = now + this.askWait;
      for (const p of this.paths.all) if (p.claims.proven) p.probes = 1;
    }
  }

  /** For how long the connection is kept after the timeout. */
  setKeepFor(time: number): void {
    this.keepFor = Math.max(time, 0);
  }

  /** The peer's instance; 0 before its HELLO. */
  get peerInstance(): bigint {
    return this.life.peer?.instance ?? 0n;
  }

  /** Goes on under new keys: path 0 begins anew, all else goes on (SPEC.md, 7.16). False: there is nothing to go on with. */
  continue(now: number, route: number, reliable: boolean): boolean {
    const { life, paths } = this;
    this.e.at(now);
    if (!life.lives) return false;
    paths.restart(now, route, reliable);
    this.own.forget();
    this.held.on = false;
    life.heard(now);
    this.hush();
    paths.all[0]!.probes = 1;
    return true;
  }

  /** Takes the next message of channel 0, the library's own. */
  receiveControl(): ControlMessage | undefined {
    const message = this.e.take(0);
    try {
      return message && readControl(message);
    } catch (err) {
      return this.life.blame(this.c.now, err);
    }
  }
}

/** Has an endpoint know that. */
export const learnKeeping = (e: FullEndpoint): Keeping => (e.life.keeping ??= new Keeping(e));

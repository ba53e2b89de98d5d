import {
  ACK,
  BLOCKED,
  DRAINING,
  FRAGMENT,
  HOLD,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  PATH_STATUS,
  PING,
  REBUILT,
  REPAIR,
  SKIP,
  STORED,
  maxNamed,
  PathStatus,
  readDraining,
  readHoldTime,
  readPathStatus,
  readProof,
  readRanges,
  readRebuilt,
  Repair,
  want,
  WireError,
} from "../wire/index.js";
import { become } from "./become.js";
import { acksPerPacket, Arrival } from "./arrival.js";
import { Clocks } from "./clock.js";
import { type FullInbox } from "./inbox_full.js";
import { type FullLife } from "./life_full.js";
import { type Packet } from "./packet.js";
import { type FullSender } from "./sender_full.js";
import { type SeveralPaths } from "./several.js";
import { type FullWay } from "./way.js";

/** Frames that are not data, in the sense of a hold, beside those that say nothing. */
const noData = (1 << PING) | (1 << HOLD) | (1 << PATH_CHALLENGE) | (1 << PATH_RESPONSE) | (1 << PATH_STATUS) | (1 << 13);

/** A FullArrival reads all frames. */
export class FullArrival extends Arrival {
  declare protected inbox: FullInbox;
  declare protected paths: SeveralPaths<Packet, FullWay>;
  declare readonly life: FullLife;
  private sum!: Repair;
  private status!: PathStatus;
  private more!: boolean; // the packet says more than PING and ACK
  private data!: boolean;
  private holds!: boolean;
  private drains!: boolean;
  clocks!: Clocks;

  /** Has an arrival know all that. */
  static of(arrival: Arrival): FullArrival {
    return become(arrival, FullArrival, {
      sum: new Repair(),
      status: new PathStatus(),
      more: false,
      data: false,
      holds: false,
      drains: false,
      clocks: new Clocks(arrival.life),
    });
  }

  override packet(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    const fresh = this.paths.all[path]?.acks.fresh(number) ?? true; // of no path it is dropped
    if (fresh) super.packet(now, path, route, number, frames);
    else this.c.stats.packetsDropped++;
  }

  protected override read(now: number, p: FullWay, number: number): void {
    this.more = this.data = this.holds = this.drains = false;
    p.acks.note(number);
    this.inbox.begin();
    super.read(now, p, number);
  }

  protected override taken(now: number, p: FullWay, number: number): void {
    const { acks } = p;
    this.inbox.end();
    acks.prompt = this.inbox.prompt;
    acks.heardMore ||= this.more;
    if (!this.holds) this.life.heardMore(now, p.id, number, this.data);
    if (p.claims.stage === "closed") return;
    super.taken(now, p, number);
    if (this.drains) acks.at = now; // the peer waits for that
  }

  protected override frame(now: number, p: FullWay, number: number, type: number): boolean {
    const { r, life } = this;
    this.more ||= type !== PING && (type < ACK || type >= FRAGMENT);
    this.data ||= type >= FRAGMENT || (type > 0 && type < 16 && !((noData >> type) & 1));
    switch (type) {
      case PATH_CHALLENGE:
      case PATH_RESPONSE:
      case PATH_STATUS:
        this.pathFrame(now, p, type);
        return true;
      case HOLD: {
        this.holds = true;
        const serial = r.v();
        const time = readHoldTime(r) * 1000;
        want(time <= this.c.cfg.maxHold);
        life.peerHolds(now, p.id, number, serial, time);
        return true;
      }
      case DRAINING:
        this.drains = true;
        life.drain.peer = Math.max(life.drain.peer, readDraining(r));
        return true;
      case SKIP:
      case BLOCKED:
      case REPAIR:
        want(life.state === "open");
        this.inbox.steer(type, r, this.paths.lead.rtt.smooth);
        return true;
      case REBUILT: {
        const { sum } = this;
        readRebuilt(r, sum);
        want(sum.channel > 0);
        this.sender(sum.channel).rebuilt(sum.newest, sum.mask);
        return true;
      }
      case STORED: {
        const s = this.sender(r.channel());
        for (let n = r.count(maxNamed); n > 0; n--) want(s.stored(r.u32()));
        return true;
      }
    }
    if (type >= FRAGMENT) {
      want(life.state === "open");
      return this.inbox.read(type, r);
    }
    return super.frame(now, p, number, type);
  }

  protected override acked(now: number, p: FullWay, type: number): boolean {
    const { ack, paths, clocks } = this;
    want(++this.acks <= acksPerPacket);
    readRanges(this.r, type, ack);
    const of = ack.path < 0 ? p : paths.all[ack.path];
    if (!of || !paths.onAck(now, of, ack)) throw new WireError();
    this.life.tellRate(now);
    if (ack.clock < 0) return true;
    clocks.read(now, of.clock, ack);
    if (of.measuredAt >= 0) clocks.add(now, of.clock, ack, of.measuredAt);
    return true;
  }

  protected override sender(channel: number): FullSender {
    return super.sender(channel) as FullSender;
  }

  private pathFrame(now: number, p: FullWay, type: number): void {
    const { paths, r, status } = this;
    want(paths.known);
    if (type === PATH_CHALLENGE) {
      paths.challenge(p, readProof(r, type));
    } else if (type === PATH_RESPONSE) {
      paths.response(now, p, readProof(r, type));
    } else {
      readPathStatus(r, status);
      const { path, serial, state, weight } = status;
      want(paths.status(now, path, Number(serial), state, weight));
    }
  }
}

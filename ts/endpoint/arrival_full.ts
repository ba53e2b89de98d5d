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
import type { Clocks } from "./clock.js";
import { type FullInbox } from "./inbox_full.js";
import { type FullLife } from "./life_full.js";
import { type Packet } from "./packet.js";
import { type FullSender } from "./sender_full.js";
import { type SeveralPaths } from "./several.js";
import { type FullWay } from "./way.js";

/** A FullArrival reads all frames. */
export class FullArrival extends Arrival {
  declare protected inbox: FullInbox;
  declare protected paths: SeveralPaths<Packet, FullWay>;
  declare readonly life: FullLife;
  private sum!: Repair;
  private status!: PathStatus;
  private more!: boolean; // the packet says more than PING and ACK
  /** Once somebody has asked for them. */
  clocks: Clocks | undefined;

  /** Has an arrival know all that. */
  static of(arrival: Arrival): FullArrival {
    return become(arrival, FullArrival, {
      sum: new Repair(),
      status: new PathStatus(),
      more: false,
      clocks: undefined,
    });
  }

  override packet(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    const fresh = this.paths.all[path]?.acks.fresh(number) ?? true; // of no path it is dropped
    if (fresh) super.packet(now, path, route, number, frames);
    else this.c.stats.packetsDropped++;
  }

  protected override read(now: number, p: FullWay, number: number): void {
    this.more = false;
    this.life.keeping?.begin();
    p.acks.note(number);
    this.inbox.begin();
    super.read(now, p, number);
  }

  protected override taken(now: number, p: FullWay, number: number): void {
    const { acks } = p;
    this.inbox.end();
    acks.prompt = this.inbox.prompt;
    acks.heardMore ||= this.more;
    const awaited = this.life.keeping?.taken(now, p.id, number);
    if (p.claims.stage === "closed") return;
    super.taken(now, p, number);
    if (awaited) acks.at = now;
  }

  protected override frame(now: number, p: FullWay, number: number, type: number): boolean {
    const { r, life } = this;
    this.more ||= type !== PING && (type < ACK || type >= FRAGMENT);
    life.keeping?.saw(type);
    switch (type) {
      case PATH_CHALLENGE:
      case PATH_RESPONSE:
      case PATH_STATUS:
        this.pathFrame(now, p, type);
        return true;
      case HOLD:
      case DRAINING:
        if (!life.keeping) this.c.cfg.needs("kept");
        life.keeping?.read(now, p.id, number, type, r);
        return life.keeping !== undefined; // else it comes again
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
    const { ack, paths } = this;
    want(++this.acks <= acksPerPacket);
    readRanges(this.r, type, ack);
    const of = ack.path < 0 ? p : paths.all[ack.path];
    if (!of || !paths.onAck(now, of, ack)) throw new WireError();
    this.life.tellRate(now);
    if (ack.clock >= 0) this.clocks?.read(now, of, ack, of.measuredAt);
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

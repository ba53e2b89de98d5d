import {
  Ack,
  cleanText,
  maxNamed,
  PathStatus,
  readAck,
  readClose,
  readDraining,
  readHoldTime,
  readPadding,
  readPathStatus,
  readProof,
  readRebuilt,
  Reader,
  Repair,
  Type,
  want,
  WireError,
} from "../wire/index.js";
import { type Common } from "./common.js";
import { type Inbox } from "./inbox.js";
import { type Life } from "./life.js";
import { type Outbox } from "./outbox.js";
import { type Packet } from "./packet.js";
import { type Paths } from "./paths.js";
import { type Way } from "./way.js";

const acksPerPacket = 2;
const maxUnanswered = 1 << 22;

/** What the types of the frames in a packet say of it. */
const Said = { elicits: 1, more: 2, data: 4, hold: 8 } as const;

function saidBy(type: number): number {
  if (type >= Type.ack && type < Type.fragment) return 0;
  switch (type) {
    case Type.padding:
    case Type.closeAck:
      return Said.more;
    case Type.ping:
      return Said.elicits;
    case Type.repair:
      return Said.more | Said.data;
    case Type.hold:
      return Said.elicits | Said.more | Said.hold;
    case Type.pathChallenge:
    case Type.pathResponse:
    case Type.pathStatus:
      return Said.elicits | Said.more;
  }
  return Said.elicits | Said.more | Said.data;
}

/** An Arrival reads packets: what is authentic and wrong ends the connection, and nothing is thrown. */
export class Arrival {
  private r = new Reader();
  private ack = new Ack();
  private sum = new Repair();
  private status = new PathStatus();
  private acks = 0; // in the packet that is read

  constructor(
    private c: Common,
    private inbox: Inbox,
    private outbox: Outbox,
    private paths: Paths<Packet, Way>,
    private life: Life,
  ) {}

  /** Takes a packet that came. */
  packet(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    const known = this.paths.all[path]?.acks;
    if (!known?.fresh(number) || this.life.state === "dead") {
      this.c.stats.packetsDropped++;
      return;
    }
    const p = this.paths.arrived(now, path, route, number > known.largest);
    if (!p) {
      this.c.stats.packetsDropped++;
      return;
    }
    p.acks.note(number);
    this.c.stats.packetsReceived++;
    this.c.stats.bytesReceived += frames.length + this.c.cfg.packetOverheadBytes;
    this.r.reset(frames);
    try {
      this.read(now, p, number);
    } catch (err) {
      if (!(err instanceof WireError)) throw err;
      this.life.close(now, err.code, err.rule);
    }
  }

  private read(now: number, p: Way, number: number): void {
    const { life, r } = this;
    if (life.ended) {
      life.closing.read(now, p.id, r, this.paths.patience);
      return;
    }
    life.heard(now);
    this.acks = 0;
    this.inbox.begin();
    let said = 0;
    while (r.left > 0 && !life.ended) {
      const type = r.u8();
      if (!this.frame(now, p, number, type)) {
        this.c.stats.packetsScattered++;
        return; // it was not stored: it is not acknowledged
      }
      said |= saidBy(type);
    }
    if (life.ended) return;
    this.inbox.end();
    if (said & Said.more) p.acks.heardMore = true;
    if (!(said & Said.hold)) life.heardMore(now, p.id, number, (said & Said.data) !== 0);
    if (p.claims.stage !== "closed") {
      const elicits = (said & Said.elicits) !== 0;
      p.acks.arrived(now, number, elicits, this.inbox.prompt, this.c.cfg.ackHold);
      if (this.drainSaid) p.acks.atOnce(now); // the peer waits for that
    }
    this.drainSaid = false;
    want(p.next - p.largestAcked <= maxUnanswered);
  }

  private drainSaid = false;

  /** Reads a frame; false: what it holds cannot be stored now. */
  private frame(now: number, p: Way, number: number, type: number): boolean {
    const { r, life } = this;
    if (type >= Type.ack && type < Type.fragment) {
      this.acked(now, p, type);
      return true;
    }
    if (type >= Type.fragment) return this.content(type);
    switch (type) {
      case Type.padding:
        readPadding(r);
        return true;
      case Type.ping:
      case Type.closeAck: // of a CLOSE that nobody waits for
        return true;
      case Type.close: {
        const { code, text } = readClose(r);
        life.closed(now, p.id, code, cleanText(text));
        return true;
      }
      case Type.pathChallenge:
      case Type.pathResponse:
      case Type.pathStatus:
        this.pathFrame(now, p, type);
        return true;
      case Type.hold: {
        const serial = r.v();
        const time = readHoldTime(r) * 1000;
        want(time <= this.c.cfg.maxHold);
        life.peerHolds(now, p.id, number, serial, time);
        return true;
      }
      case Type.draining:
        life.drain.peer = Math.max(life.drain.peer, readDraining(r));
        this.drainSaid = true;
        return true;
    }
    return this.content(type);
  }

  private pathFrame(now: number, p: Way, type: number): void {
    const { paths, r, status } = this;
    want(paths.known);
    if (type === Type.pathChallenge) {
      paths.challenge(p, readProof(r, type));
    } else if (type === Type.pathResponse) {
      paths.response(now, p, readProof(r, type));
    } else {
      readPathStatus(r, status);
      const { path, serial, state, weight } = status;
      const fine = paths.status(now, path, Number(serial), state, weight);
      want(fine);
    }
  }

  private acked(now: number, p: Way, type: number): void {
    const { ack } = this;
    want(++this.acks <= acksPerPacket);
    readAck(this.r, type, ack);
    const of = ack.path < 0 ? p : this.paths.all[ack.path];
    want(of !== undefined && this.paths.onAck(now, of, ack));
    this.life.tellRate(now);
    if (ack.clock < 0) return;
    this.c.clocks.read(now, of!.clock, ack);
    if (of!.measuredAt >= 0) this.c.clocks.add(now, of!.clock, ack, of!.measuredAt);
  }

  /** Reads what speaks of channels. */
  private content(type: number): boolean {
    const { r, sum } = this;
    want(this.life.state === "open");
    if (type >= Type.fragment || type === Type.skip || type === Type.blocked || type === Type.repair) {
      return this.inbox.read(type, r, this.paths.lead.rtt.smooth);
    }
    if (type === Type.rebuilt) {
      readRebuilt(r, sum);
      want(sum.channel > 0);
      this.sender(sum.channel).rebuilt(sum.newest, sum.mask);
    } else if (type === Type.stored) {
      const s = this.sender(r.channel());
      for (let n = r.count(maxNamed); n > 0; n--) {
        want(s.stored(r.u32()));
      }
    } else if (type === Type.window) {
      const s = this.sender(r.channel());
      want(s.reliable);
      s.allow(r.u32());
    } else {
      throw new WireError();
    }
    return true;
  }

  private sender(channel: number) {
    const s = this.outbox.senders.get(channel);
    if (!s) throw new WireError();
    return s;
  }
}

import {
  ACK,
  BLOCKED,
  CLOSE,
  CLOSE_ACK,
  DRAINING,
  FRAGMENT,
  HOLD,
  PADDING,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  PATH_STATUS,
  PING,
  REBUILT,
  REPAIR,
  SKIP,
  STORED,
  WINDOW,
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

// What a frame says of its packet, in bits: that it is to be acknowledged, that it is more than PING and ACK, that it is data,
// and that it is HOLD.
const elicits = 1;
const more = 2;
const data = 4;
const holds = 8;
const saidByType = [2, 1, 7, 7, 7, 7, 7, 6, 3, 3, 3, 11, 7, 2, 7, 7];
const saidBy = (type: number) => (type >= FRAGMENT ? 7 : (saidByType[type] ?? 0));

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
    if (said & more) p.acks.heardMore = true;
    if (!(said & holds)) life.heardMore(now, p.id, number, (said & data) !== 0);
    if (p.claims.stage !== "closed") {
      p.acks.arrived(now, number, (said & elicits) !== 0, this.inbox.prompt, this.c.cfg.ackHold);
      if (this.drainSaid) p.acks.atOnce(now); // the peer waits for that
    }
    this.drainSaid = false;
    want(p.next - p.largestAcked <= maxUnanswered);
  }

  private drainSaid = false;

  /** Reads a frame; false: what it holds cannot be stored now. */
  private frame(now: number, p: Way, number: number, type: number): boolean {
    const { r, life } = this;
    if (type >= ACK && type < FRAGMENT) {
      this.acked(now, p, type);
      return true;
    }
    if (type >= FRAGMENT) return this.content(type);
    switch (type) {
      case PADDING:
        readPadding(r);
        return true;
      case PING:
      case CLOSE_ACK: // of a CLOSE that nobody waits for
        return true;
      case CLOSE: {
        const { code, text } = readClose(r);
        life.closed(now, p.id, code, cleanText(text));
        return true;
      }
      case PATH_CHALLENGE:
      case PATH_RESPONSE:
      case PATH_STATUS:
        this.pathFrame(now, p, type);
        return true;
      case HOLD: {
        const serial = r.v();
        const time = readHoldTime(r) * 1000;
        want(time <= this.c.cfg.maxHold);
        life.peerHolds(now, p.id, number, serial, time);
        return true;
      }
      case DRAINING:
        life.drain.peer = Math.max(life.drain.peer, readDraining(r));
        this.drainSaid = true;
        return true;
    }
    return this.content(type);
  }

  private pathFrame(now: number, p: Way, type: number): void {
    const { paths, r, status } = this;
    want(paths.known);
    if (type === PATH_CHALLENGE) {
      paths.challenge(p, readProof(r, type));
    } else if (type === PATH_RESPONSE) {
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
    if (type >= FRAGMENT || type === SKIP || type === BLOCKED || type === REPAIR) {
      return this.inbox.read(type, r, this.paths.lead.rtt.smooth);
    }
    if (type === REBUILT) {
      readRebuilt(r, sum);
      want(sum.channel > 0);
      this.sender(sum.channel).rebuilt(sum.newest, sum.mask);
    } else if (type === STORED) {
      const s = this.sender(r.channel());
      for (let n = r.count(maxNamed); n > 0; n--) {
        want(s.stored(r.u32()));
      }
    } else if (type === WINDOW) {
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

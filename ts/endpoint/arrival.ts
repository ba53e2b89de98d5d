import {
  ACK,
  CLOSE,
  CLOSE_ACK,
  FRAGMENT,
  HELLO,
  PADDING,
  PATH,
  PING,
  RANGES,
  SHORT_RUN,
  WINDOW,
  Ack,
  cleanText,
  readAck,
  readClose,
  readPadding,
  Reader,
  want,
  WireError,
} from "../wire/first.js";
import { type Common } from "./common.js";
import { packetOverhead } from "./constants.js";
import { type Inbox } from "./inbox.js";
import { type Life } from "./life.js";
import { type Outbox } from "./outbox.js";
import { type Packet } from "./packet.js";
import { type Paths } from "./paths.js";
import { type Sender } from "./sender.js";
import { type Way } from "./way.js";

export const acksPerPacket = 2;
const maxUnanswered = 1 << 22;

/** Frames that elicit no ack: PADDING, CLOSE, CLOSE_ACK and REPAIR, and all that are no frames of ours. */
const quiet = (1 << PADDING) | (1 << 7) | (1 << CLOSE) | (1 << CLOSE_ACK);
const elicits = (type: number) => type >= FRAGMENT || (type < 16 && !((quiet >> type) & 1));

/**
 * An Arrival reads packets: what is authentic and wrong ends the connection, and nothing is thrown. Of a frame that
 * only a {@link FullArrival} knows it says that it cannot be stored now, so that it comes again.
 */
export class Arrival {
  protected r = new Reader();
  protected elicited = false; // by the packet that is read
  protected ack = new Ack();
  protected acks = 0; // in it

  constructor(
    protected c: Common,
    protected inbox: Inbox,
    protected outbox: Outbox,
    protected paths: Paths<Packet, Way>,
    readonly life: Life,
  ) {}

  /** Takes a packet that came. */
  packet(now: number, path: number, route: number, number: number, frames: Uint8Array): void {
    const { stats } = this.c;
    const known = this.paths.all[path]?.acks;
    const p =
      known && this.life.state !== "dead"
        ? this.paths.arrived(now, path, route, number > known.largest)
        : undefined;
    if (!p) {
      stats.packetsDropped++;
      return;
    }
    stats.packetsReceived++;
    stats.bytesReceived += frames.length + packetOverhead;
    this.r.reset(frames);
    try {
      if (this.life.ended) this.life.readClosing(now, p.id, this.r);
      else this.read(now, p, number);
    } catch (err) {
      this.life.blame(now, err);
    }
  }

  protected read(now: number, p: Way, number: number): void {
    const { life, r } = this;
    life.heard(now);
    this.acks = 0;
    this.elicited = false;
    while (r.left > 0 && !life.ended) {
      const type = r.u8();
      if (!this.frame(now, p, number, type)) {
        this.c.stats.packetsScattered++;
        this.c.cfg.needs();
        return; // it was not stored: it is not acknowledged
      }
      this.elicited ||= elicits(type);
    }
    if (life.ended) return;
    this.taken(now, p, number);
    want(p.next - p.largestAcked <= maxUnanswered);
  }

  /** Notes a packet of which all frames were read. */
  protected taken(now: number, p: Way, number: number): void {
    p.acks.arrived(now, number, this.elicited, this.c.cfg.ackHold);
  }

  /** Reads a frame; false: what it holds cannot be stored now. */
  protected frame(now: number, p: Way, _number: number, type: number): boolean {
    const { r, life } = this;
    if (type >= FRAGMENT) {
      want(life.state === "open");
      return type >= SHORT_RUN && this.inbox.read(type, r);
    }
    if (type >= ACK) return this.acked(now, p, type);
    if (type === PADDING) {
      readPadding(r);
    } else if (type === CLOSE) {
      const { code, text } = readClose(r);
      life.closed(now, p.id, code, cleanText(text));
    } else if (type === WINDOW) {
      const s = this.sender(r.channel());
      want(s.reliable);
      s.allow(r.u32());
    } else {
      want(type < 16 && type !== HELLO);
      return type === PING || type === CLOSE_ACK; // of a CLOSE that nobody waits for
    }
    return true;
  }

  /** Reads an ACK; false: it is of another path, or has gaps. */
  protected acked(now: number, p: Way, type: number): boolean {
    const { ack } = this;
    if (type & (PATH | RANGES)) return false;
    want(++this.acks <= acksPerPacket);
    readAck(this.r, type, ack);
    want(p.onAck(now, ack));
    return true;
  }

  protected sender(channel: number): Sender {
    const s = this.outbox.senders.get(channel);
    if (!s || this.life.state !== "open") throw new WireError();
    return s;
  }
}

import { PING, numberBytes, Writer } from "../wire/first.js";
import { never, packetBytes, packetOverhead } from "./constants.js";
import { type Common } from "./common.js";
import { answer } from "./farewell.js";
import { type Inbox } from "./inbox.js";
import { type Life } from "./life.js";
import { type Outbox } from "./outbox.js";
import { Builder, type Packet } from "./packet.js";
import { type Paths } from "./paths.js";
import { type Way } from "./way.js";

/** An Outgoing is a packet for the peer. */
export class Outgoing {
  path = 0;
  /** Where the path goes. */
  route = 0;
  number = 0;
  /** In how few bytes the peer needs the number. */
  numberBytes = 2;
  /** The frames, from 0 to where it is. */
  readonly frames: Writer;

  constructor(room: number) {
    this.frames = new Writer(new Uint8Array(room));
  }
}

/** What package netcode puts around the frames of a packet to a server, at most. */
const sealed = 25;

const mostAlone = 32; // packets that nobody has acknowledged

/** A Departure makes packets. */
export class Departure {
  protected b = new Builder();

  constructor(
    protected c: Common,
    protected inbox: Inbox,
    protected outbox: Outbox,
    protected paths: Paths<Packet, Way>,
    protected life: Life,
  ) {}

  /** How many bytes of frames a packet of a path has at most. */
  private room(p: Way): number {
    const peer = this.life.peer?.largestDatagram ?? never;
    return Math.min(p.datagramBytes, this.c.cfg.maxDatagramBytes, peer) - sealed;
  }

  /** Makes the next packet that is to be sent now; false if there is none. */
  next(now: number, out: Outgoing): boolean {
    if (this.life.state === "closing") return this.end(now, out);
    return this.life.lives && this.any(now, out);
  }

  /** Makes it for a path. */
  protected any(now: number, out: Outgoing): boolean {
    const p = this.paths.all[0]!;
    return this.takes(p) && this.on(now, p, out);
  }

  /** Whether there is what carries a path, and it takes something. */
  protected takes(p: Way): boolean {
    return p.claims.route >= 0 && !p.busy;
  }

  /** Begins a packet. */
  protected begin(now: number, p: Way, out: Outgoing): Builder {
    const { b } = this;
    const w = out.frames;
    w.at = 0;
    w.end = Math.min(this.room(p), w.bytes.length);
    b.begin(now, p.fresh(), w);
    return b;
  }

  /** Makes a packet for a path, if it has something to send now. */
  protected on(now: number, p: Way, out: Outgoing): boolean {
    const b = this.begin(now, p, out);
    const acked = p.acks.waiting > 0;
    if (acked) p.acks.write(b.w, now);
    const start = b.w.at;
    this.fill(b, p, acked);
    if (b.w.at === start && !(acked && this.ackGoes(now, p))) return false;
    this.commit(p, out, acked);
    return true;
  }

  /** Whether an ACK goes alone. */
  protected ackGoes(now: number, p: Way): boolean {
    return now >= p.acks.at;
  }

  /** Appends what goes behind the ACK. */
  protected fill(b: Builder, p: Way, acked: boolean): void {
    // who only takes has his ACKs acknowledged now and then, so that they can be forgotten
    if (acked && this.ackGoes(b.now, p) && p.next - p.largestAcked > mostAlone) this.ping(b, p);
    if (!p.canSend(b.now, packetBytes)) return this.c.cfg.needs(); // the window does not grow by itself
    this.content(b, p);
    this.pingIfDue(b, p);
  }

  protected pingIfDue(b: Builder, p: Way): void {
    if (!b.packet.eliciting && (p.probes > 0 || b.now >= this.life.pingAt(p))) this.ping(b, p);
  }

  protected ping(b: Builder, p: Way): void {
    b.w.u8(PING);
    b.packet.eliciting = true;
    p.pingedAt = b.now;
  }

  /** Appends what an active path carries. */
  protected content(b: Builder, p: Way): void {
    if (this.inbox.owing) this.inbox.write(b);
    this.messages(b, p);
  }

  protected messages(b: Builder, _p: Way): void {
    this.outbox.write(b);
  }

  /** Notes the packet as sent. */
  protected commit(p: Way, out: Outgoing, acked: boolean): void {
    const { w, packet, now } = this.b;
    const { acks } = p;
    if (acked) {
      packet.ackLargest = acks.largest;
      acks.sent(now, this.c.cfg.ackHold);
    }
    packet.bytes = w.at + packetOverhead;
    out.path = p.id;
    out.route = p.claims.route;
    out.number = p.next;
    out.numberBytes = numberBytes(p.next, p.largestAcked);
    p.onSent(now, packet);
    this.c.stats.bytesSent += packet.bytes;
  }

  /** Makes the last packet: CLOSE_ACK alone, or CLOSE behind an ACK of all. */
  protected end(now: number, out: Outgoing): boolean {
    const { life } = this;
    const p = this.paths.all[0]!;
    if (p.busy) return false;
    life.state = "dead";
    return p.claims.route >= 0 && this.say(now, p, out, life.last === answer);
  }

  /** Makes a packet of what is said last on a path. */
  protected say(now: number, p: Way, out: Outgoing, answers: boolean): boolean {
    const b = this.begin(now, p, out);
    const acked = !answers && p.acks.largest >= 0;
    if (acked) p.acks.write(b.w, now);
    b.w.raw(answers ? answer : this.life.last);
    this.commit(p, out, acked);
    return true;
  }

  /** When there is something to send though nothing else happens; -Infinity: now. */
  at(now: number): number {
    const p = this.paths.all[0]!;
    if (this.life.state === "closing") return p.busy ? never : -never;
    return this.life.lives && this.takes(p) ? this.pathAt(now, p) : never;
  }

  protected pathAt(_now: number, p: Way): number {
    return p.probes > 0 ? -never : Math.min(p.acks.at, this.life.pingAt(p));
  }
}

import { packetBytes } from "./constants.js";
import { Claims } from "./claims.js";
import { Congestion } from "./congestion.js";
import { LossWatch, Reordering } from "./loss.js";
import { Pacer } from "./pacer.js";
import { Ring } from "./ring.js";
import { nearest } from "../wire/number.js";
import { Rtt } from "./rtt.js";

const maxProbeTimeout = 2_000_000;
const maxSent = 1 << 14; // beyond it nothing new is sent until some are settled

/**
 * What became of a packet: late is acknowledged after it was lost, which changes a counter and no receipt;
 * repeat: it is in flight still, and a probe is to say again what it carries.
 */
export type Fate = "acked" | "late" | "lost" | "repeat";

/**
 * A Sent is what is known of a packet. {@link Path.fresh} gives one, {@link Path.onSent}
 * takes it, and when it is settled it is used again: who has more to note of a packet extends it.
 */
export class Sent {
  number = 0;
  sentAt = 0;
  /** On the wire, with headers. */
  bytes = 0;
  eliciting = false;
  /** There was nothing more to send: what becomes of it says little of what the path carries. */
  limited = false;
  /** It went elsewhere than the path goes, or only asks or answers: it measures nothing. */
  aside = false;
  /** 1 in flight, 2 acknowledged, 3 lost: the path's own. */
  state = 0;
  /** It counts for congestion control: the path's own. */
  counts = false;
}

/** An AckFrame is what an ACK says (SPEC.md, 6.1). */
export interface AckFrame {
  /** The low 16 bits, 32 if it is wide. */
  largest: number;
  wide: boolean;
  /** Microseconds. */
  hold: number;
  /** Pairs: how far the newest and the oldest number of a range are below largest, ascending. */
  ranges: ArrayLike<number>;
  /** How many ranges that are. */
  n: number;
}

/** A PathConfig is how a path begins. */
export interface PathConfig<S extends Sent> {
  id: number;
  /** What carries the path repairs losses itself, and keeps the order. */
  reliable: boolean;
  /** The largest ack hold of the peer, in microseconds. */
  ackHold: number;
  /** From 0 to below 1, as Math.random. */
  random: () => number;
  /** Makes a record of a packet where none can be used again. */
  make: () => S;
  /** Hears what became of each packet. */
  settled: (sent: S, fate: Fate) => void;
}

/**
 * A Path is what one side knows of one way to its peer: the packets that it sent there, round trips, losses,
 * and from that how fast it may send (SPEC.md, 5, 7.4 and 7.5). It knows packets, and neither frames nor
 * messages; all times are the caller's, in microseconds.
 */
export class Path<S extends Sent> {
  readonly id: number;
  /** What it is for, and where it goes. */
  readonly claims = new Claims();
  reliable: boolean;
  ackHold: number;
  /** The number of the next packet. */
  next = 0;
  /** The largest number that was acknowledged; −1: none was. */
  largestAcked = -1;
  /** Packets in flight that elicit an ack. */
  eliciting = 0;
  /** Bytes in flight. */
  inFlight = 0;
  /** How many packets are to go as probes, whatever the window says. */
  probes = 0;
  /** Probe timeouts in a row. */
  timeouts = 0;
  /** What carries the path takes nothing now. */
  busy = false;
  /** No probes are sent: the peer is on hold, or the path has failed. */
  quiet = false;
  /** The last ACK acknowledged something new. */
  news = false;
  /** When the newest packet was sent that the last ACK was the first to acknowledge; −1: there is none that tells. */
  measuredAt = -1;
  rtt = new Rtt();
  /** What is lost of what is sent here. */
  losses = new LossWatch();
  /** Packets sent, lost, and lost by mistake, since the beginning. */
  packetsSent = 0;
  packetsLost = 0;
  packetsSpurious = 0;

  private cc: Congestion;
  private pacer: Pacer;
  private order = new Reordering();
  private lossAt = Infinity; // when the oldest suspect counts as lost by time
  private lastSent: number; // when a packet that elicits an ack was sent last
  private tellsFrom = -Infinity; // what was sent until then measures nothing
  private skipIn: number; // packets until numbers are left out
  private ring = new Ring<S>(); // by number; undefined: it was left out
  private unsettled = 0; // no packet below it is in flight
  private unused: S[] = [];
  private draft: S | undefined;

  constructor(
    private cfg: PathConfig<S>,
    now: number,
  ) {
    this.id = cfg.id;
    this.reliable = cfg.reliable;
    this.ackHold = cfg.ackHold;
    this.lastSent = now;
    this.cc = new Congestion(this.rtt, cfg.reliable);
    this.pacer = new Pacer(now);
    this.skipIn = this.leaveOutIn();
  }

  private leaveOutIn(): number {
    return 256 + Math.floor(this.cfg.random() * 3840);
  }

  /** A record for a packet, to be filled; as long as {@link onSent} does not take it, it is the next one again. */
  fresh(): S {
    return (this.draft ??= this.unused.pop() ?? this.cfg.make());
  }

  /** How many bytes may be in flight. */
  get windowBytes(): number {
    return this.cc.windowBytes;
  }

  get bytesPerSecond(): number {
    return this.cc.bytesPerSecond;
  }

  /** How long an answer may take, after as many in vain. */
  pto(timeouts = 0): number {
    const { smooth, variance } = this.rtt;
    const t = smooth + Math.max(4 * variance, 1000) + this.ackHold;
    return Math.min(t * 2 ** Math.min(timeouts, 8), maxProbeTimeout);
  }

  /** Whether a packet of so many bytes may go that is not an ack alone. */
  canSend(now: number, bytes: number): boolean {
    if (this.busy) return false;
    if (this.probes > 0) return true;
    const rate = this.cc.bytesPerSecond;
    this.pacer.fill(now, rate);
    if (this.full(bytes)) {
      this.pacer.stalled = true;
      return false;
    }
    return this.pacer.readyAt(rate) <= now;
  }

  private full(bytes: number): boolean {
    return this.inFlight + bytes > this.cc.windowBytes || this.ring.length >= maxSent;
  }

  /** When {@link canSend} lets a packet go; Infinity: not before something is acknowledged or lost. */
  nextSend(bytes = packetBytes): number {
    if (this.busy) return Infinity;
    if (this.probes > 0) return -Infinity;
    return this.full(bytes) ? Infinity : this.pacer.readyAt(this.cc.bytesPerSecond);
  }

  /** Notes that the packet of the record that {@link fresh} gave goes, under the number {@link next}. */
  onSent(now: number, s: S): void {
    this.draft = undefined;
    if (this.ring.length >= 2 * maxSent) this.dropOldest();
    s.number = this.next++;
    s.sentAt = now;
    s.state = 1;
    s.counts = s.eliciting && !s.aside;
    this.ring.push(s);
    this.packetsSent++;
    this.losses.onSent();
    if (--this.skipIn <= 0) this.leaveOut();
    if (!s.eliciting) return;
    this.eliciting++;
    this.lastSent = now;
    this.probes = Math.max(this.probes - 1, 0);
    if (s.counts) this.inFlight += s.bytes;
    this.pacer.fill(now, this.cc.bytesPerSecond);
    this.pacer.spend(s.bytes);
  }

  /** Leaves a number out, or two in a row: who acknowledges one acknowledges what it did not get (SPEC.md, 5). */
  private leaveOut(): void {
    this.skipIn = this.leaveOutIn();
    for (let n = this.cfg.random() < 0.5 ? 1 : 2; n > 0; n--) {
      this.ring.push(undefined);
      this.next++;
    }
  }

  /** A peer that acknowledges nothing, and has us acknowledge, has no more of us kept than this. */
  private dropOldest(): void {
    const s = this.ring.at(this.ring.base);
    if (s?.state === 1) this.settle(s, "lost");
    this.recycle();
  }

  private recycle(): void {
    const s = this.ring.shift();
    if (s !== undefined) this.unused.push(s);
  }

  /** Takes an ACK; false: it acknowledges what was never sent. */
  onAck(now: number, a: AckFrame): boolean {
    this.measuredAt = -1;
    this.news = false;
    const { ring } = this;
    const largest = nearest(Math.max(this.largestAcked, 0), a.largest, a.wide ? 32 : 16);
    if (largest >= this.next || a.ranges[2 * a.n - 1]! > largest) return false;
    let bytes = 0;
    let newestAt = -Infinity;
    let limited = false;
    for (let i = 0; i < 2 * a.n; i += 2) {
      const last = largest - a.ranges[i]!;
      for (let n = Math.max(largest - a.ranges[i + 1]!, ring.base); n <= last; n++) {
        const s = ring.at(n);
        if (s === undefined) return false;
        if (s.state === 3) {
          this.mistaken(now, s);
        } else if (s.state === 1) {
          if (s.counts) bytes += s.bytes;
          if (s.sentAt >= newestAt) {
            newestAt = s.sentAt;
            limited = s.limited || !this.tells(s);
          }
          this.settle(s, "acked");
        }
      }
    }
    if (newestAt === -Infinity) return true; // nothing new
    this.news = true;
    const sampled = largest > this.largestAcked && this.measure(now, ring.at(largest), a.hold);
    this.largestAcked = Math.max(this.largestAcked, largest);
    this.timeouts = 0;
    this.detectLost(now);
    this.cc.acked(now, bytes, newestAt, limited, sampled);
    this.forget(now);
    return true;
  }

  private tells(s: S): boolean {
    return s.sentAt > this.tellsFrom && !s.aside;
  }

  /** Takes the sample of an ACK that is the first to name its largest packet: only then its hold means something. */
  private measure(now: number, s: S | undefined, hold: number): boolean {
    if (s === undefined || !this.tells(s)) return false;
    this.measuredAt = s.sentAt;
    if (s.eliciting) this.rtt.sample(now - s.sentAt, hold);
    return s.eliciting;
  }

  /** What becomes of a packet that was in flight. */
  private settle(s: S, fate: "acked" | "lost"): void {
    s.state = fate === "acked" ? 2 : 3;
    if (s.counts) this.inFlight -= s.bytes;
    if (s.eliciting) this.eliciting--;
    this.cfg.settled(s, fate);
  }

  /** A packet that was declared lost is acknowledged. */
  private mistaken(now: number, s: S): void {
    s.state = 2;
    this.packetsSpurious++;
    this.cfg.settled(s, "late");
    if (!this.tells(s)) return;
    this.losses.mistaken();
    this.order.mistaken(now - s.sentAt - this.leastDelay(), this.rtt.smooth);
  }

  /** How long an ack may take where packets do not overtake each other, once a later one came (RFC 9002, 6.1.2). */
  private leastDelay(): number {
    return Math.max(Math.floor((Math.max(this.rtt.smooth, this.rtt.latest) * 9) / 8), 1000);
  }

  private oldestInFlight(): number {
    const { ring } = this;
    let n = Math.max(this.unsettled, ring.base);
    while (n < ring.end && ring.at(n)?.state !== 1) n++;
    return (this.unsettled = n);
  }

  /**
   * Declares lost what is too far behind the largest acknowledged number, or, where nothing repairs
   * losses below, too late. What a reliable path lost says nothing about congestion.
   */
  private detectLost(now: number): void {
    const { ring, largestAcked, reliable } = this;
    const before = now - this.leastDelay() - this.order.slack;
    let newest = -1; // when the newest was sent that counts; −1: none does
    let since = Infinity; // from when on all is lost
    this.lossAt = Infinity;
    for (let n = this.oldestInFlight(); n < largestAcked; n++) {
      const s = ring.at(n);
      if (s === undefined) continue;
      if (s.state !== 1) {
        if (s.state === 2) since = Infinity;
        continue;
      }
      if (this.order.tolerates(largestAcked - n, reliable)) {
        if (reliable) continue;
        if (s.sentAt > before) {
          this.lossAt = Math.min(this.lossAt, s.sentAt - before + now);
          continue;
        }
      }
      if (this.tells(s)) {
        this.losses.onLost(n);
        if (s.counts) newest = s.sentAt;
        since = Math.min(since, s.sentAt);
      }
      this.packetsLost++;
      this.settle(s, "lost");
    }
    if (newest < 0 || reliable) return;
    this.order.declared();
    this.cc.lost(now, newest);
    if (this.rtt.sampled && newest - since > 3 * this.pto()) this.cc.collapse();
  }

  /** When {@link onTimeout} has something to do; Infinity: not before something is sent. */
  deadline(): number {
    return Math.min(this.lossAt, this.probeAt());
  }

  private probeAt(): number {
    if (this.lossAt !== Infinity || this.quiet || this.eliciting === 0) return Infinity;
    return this.lastSent + this.pto(this.timeouts);
  }

  /** Does what is due. */
  onTimeout(now: number): void {
    if (now >= this.lossAt) {
      this.detectLost(now);
      this.forget(now);
    }
    if (now >= this.probeAt()) this.sendProbe(now);
  }

  /** Has a probe sent, two once one was in vain (RFC 9002, 6.2.4). Where nothing is lost it repeats nothing. */
  private sendProbe(now: number): void {
    this.lastSent = now;
    this.timeouts++;
    this.probes = this.reliable ? 1 : Math.min(this.timeouts, 2);
    if (this.reliable) return;
    const { ring } = this;
    let budget = packetBytes;
    for (let n = this.oldestInFlight(); n < ring.end && budget > 0; n++) {
      const s = ring.at(n);
      if (s?.state !== 1) continue;
      budget -= s.bytes;
      this.cfg.settled(s, "repeat");
    }
  }

  /** Since when the peer owes an answer: to the oldest packet above all that was acknowledged. Infinity: to none. */
  owedSince(): number {
    if (this.eliciting === 0) return Infinity;
    const { ring } = this;
    for (let n = Math.max(this.oldestInFlight(), this.largestAcked + 1); n < ring.end; n++) {
      const s = ring.at(n);
      if (s?.state === 1 && s.eliciting) return s.sentAt;
    }
    return Infinity;
  }

  /** What was sent until now measures nothing: one side slept, or the path goes another way. Probe timeouts start anew. */
  forgive(now: number): void {
    this.tellsFrom = now;
    this.lastSent = Math.max(this.lastSent, now);
    this.timeouts = 0;
  }

  /** Begins all measurements afresh: the path goes another way, or had failed (SPEC.md, 7.15). */
  afresh(now: number): void {
    this.forgive(now);
    for (let n = this.oldestInFlight(); n < this.ring.end; n++) {
      const s = this.ring.at(n);
      if (s !== undefined) s.counts = false;
    }
    this.inFlight = this.probes = 0;
    this.rtt = new Rtt();
    this.order = new Reordering();
    this.cc = new Congestion(this.rtt, this.reliable);
    this.pacer = new Pacer(now);
  }

  /** All that is in flight is lost, which says nothing about congestion. */
  lostAll(now: number): void {
    this.afresh(now);
    this.lossAt = Infinity;
    for (let n = this.oldestInFlight(); n < this.ring.end; n++) {
      const s = this.ring.at(n);
      if (s?.state === 1) this.settle(s, "lost");
    }
    this.forget(now);
  }

  /** Gives back what is settled. Lost packets are kept for a while: their acks may only be late. */
  private forget(now: number): void {
    const { ring } = this;
    const keep = now - 3 * this.pto();
    while (ring.length > 0) {
      const s = ring.at(ring.base);
      if (s === undefined ? ring.base >= this.largestAcked : s.state === 1) return;
      if (s?.state === 3 && s.sentAt >= keep && ring.length <= maxSent) return;
      this.recycle();
    }
  }
}

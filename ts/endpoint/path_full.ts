import { become } from "./become.js";
import { packetBytes } from "./constants.js";
import { FullClaims } from "./claims_full.js";
import { Congestion } from "./congestion.js";
import { LossWatch, Reordering } from "./loss.js";
import { Pacer } from "./pacer.js";
import { ACKED, IN_FLIGHT, LOST, maxSent, Path, type AckFrame, type Sent } from "./path.js";
import { Rtt } from "./rtt.js";

const maxProbeTimeout = 2_000_000;

/** How often in a probe timeout a suspect is asked while messages go over a reserve (SPEC.md, 7.15). */
const suspectProbes = 4;

/**
 * A FullPath knows besides what is lost, and from that and from round trips how fast it may send
 * (SPEC.md, 5, 7.4 and 7.5).
 */
export class FullPath<S extends Sent> extends Path<S> {
  declare claims: FullClaims;
  /** The largest ack hold of the peer, in microseconds. */
  ackHold!: number;
  rtt!: Rtt;
  /** The last ACK acknowledged something new. */
  news!: boolean;
  /** When the newest packet was sent that the last ACK was the first to acknowledge; −1: there is none that tells. */
  measuredAt!: number;
  /** Probe timeouts in a row. */
  timeouts!: number;
  /** No probes are sent: the peer is on hold, or the path has failed. */
  quiet!: boolean;
  /** It is a suspect, and messages go over a reserve. */
  left!: boolean;
  private asked!: number; // how often since then
  /** What is lost of what is sent here. */
  losses!: LossWatch;
  /** Packets lost, and those of them by mistake, since the beginning. */
  packetsLost!: number;
  packetsSpurious!: number;

  private tellsFrom!: number; // what was sent until then measures nothing
  private cc!: Congestion;
  private pacer!: Pacer;
  private order!: Reordering;
  private lossAt!: number; // when the oldest suspect counts as lost by time
  private lastSent!: number; // when a packet that elicits an ack was sent last
  private skipIn!: number; // packets until numbers are left out
  private unsettled!: number; // no packet below it is in flight
  private repeated!: number; // packets below it were repeated

  /** Has a path know all that. */
  static of<S extends Sent>(path: Path<S>, now: number): FullPath<S> {
    const p = become<FullPath<S>>(path, FullPath, {
      claims: Object.assign(new FullClaims(), path.claims),
      ackHold: 0,
      rtt: new Rtt(),
      news: false,
      measuredAt: -1,
      tellsFrom: -Infinity,
      losses: new LossWatch(),
      lastSent: now,
      timeouts: 0,
      packetsLost: 0,
      packetsSpurious: 0,
      unsettled: 0,
      repeated: 0,
      quiet: false,
      left: false,
      asked: 0,
      lossAt: Infinity,
      skipIn: 0,
      order: undefined,
      cc: undefined,
      pacer: undefined,
    });
    p.ackHold = p.cfg.ackHold ?? 0;
    p.skipIn = p.leaveOutIn();
    p.begin(now);
    return p;
  }

  private begin(now: number): void {
    this.order = new Reordering();
    this.cc = new Congestion(this.rtt, this.reliable);
    this.pacer = new Pacer(now);
  }

  private leaveOutIn(): number {
    return 256 + Math.floor(this.cfg.random() * 3840);
  }

  override get windowBytes(): number {
    return this.cc.windowBytes;
  }

  /** How many bytes it takes within a time, as its window and its pacing have it. */
  roomWithin(now: number, time: number): number {
    const { windowBytes } = this;
    const room =
      Math.max(windowBytes - this.inFlight, 0) + (windowBytes * time) / Math.max(this.rtt.smooth, 1);
    return Math.max(Math.min(room, this.pacer.within(now, time, this.bytesPerSecond)), 0);
  }

  /** The share of the last packets that was lost. */
  get lossRate(): number {
    return this.losses.rate;
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

  override canSend(now: number, bytes: number): boolean {
    if (this.busy) return false;
    if (this.probes > 0) return true;
    this.pacer.fill(now, this.bytesPerSecond);
    this.pacer.stalled ||= this.full(bytes);
    return this.nextSend(bytes) <= now;
  }

  /** When {@link canSend} lets a packet go; Infinity: not before something is acknowledged or lost. */
  nextSend(bytes = packetBytes): number {
    if (this.busy) return Infinity;
    if (this.probes > 0) return -Infinity;
    return this.full(bytes) ? Infinity : this.pacer.readyAt(this.bytesPerSecond);
  }

  override onSent(now: number, s: S): void {
    super.onSent(now, s);
    if (this.ring.length > 2 * maxSent) this.dropOldest();
    this.losses.onSent();
    if (--this.skipIn <= 0) this.leaveOut();
    if (!s.eliciting) return;
    this.lastSent = now;
    this.pacer.fill(now, this.bytesPerSecond);
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
    if (s?.state === IN_FLIGHT) this.settle(s, "lost");
    this.recycle();
  }

  /** Takes an ACK; false: it acknowledges what was never sent. */
  override onAck(now: number, a: AckFrame): boolean {
    const { ring } = this;
    this.measuredAt = -1;
    this.news = false;
    const largest = this.largestOf(a);
    if (largest >= this.next || a.ranges[2 * a.n - 1]! > largest) return false;
    let bytes = 0;
    let newest: S | undefined;
    for (let i = 0; i < 2 * a.n; i += 2) {
      const last = largest - a.ranges[i]!;
      for (let n = Math.max(largest - a.ranges[i + 1]!, ring.base); n <= last; n++) {
        const s = ring.at(n);
        if (!s) return false;
        if (s.state === LOST) {
          this.mistaken(now, s);
        } else if (s.state === IN_FLIGHT) {
          if (s.counts) bytes += s.bytes;
          if (!newest || s.sentAt >= newest.sentAt) newest = s;
          this.settle(s, "acked");
        }
      }
    }
    if (!newest) return true;
    this.acked(now, a, largest, bytes, newest);
    this.forget(now);
    return true;
  }

  private acked(now: number, a: AckFrame, largest: number, bytes: number, newest: S): void {
    this.news = true;
    const sampled = largest > this.largestAcked && this.measure(now, this.ring.at(largest), a.hold);
    this.largestAcked = Math.max(this.largestAcked, largest);
    this.timeouts = this.asked = 0;
    this.detectLost(now);
    const limited = newest.limited || !this.tells(newest);
    this.cc.acked(now, bytes, newest.sentAt, limited, sampled);
  }

  private tells(s: S): boolean {
    return s.sentAt > this.tellsFrom && !s.aside;
  }

  /** Takes the sample of an ACK that is the first to name its largest packet: only then its hold means something. */
  private measure(now: number, s: S | undefined, hold: number): boolean {
    if (!s || !this.tells(s)) return false;
    this.measuredAt = s.sentAt;
    if (s.eliciting) this.rtt.sample(now - s.sentAt, hold);
    return s.eliciting;
  }

  /** A packet that was declared lost is acknowledged. */
  private mistaken(now: number, s: S): void {
    s.state = ACKED;
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
    while (n < ring.end && ring.at(n)?.state !== IN_FLIGHT) n++;
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
      if (!s) continue;
      if (s.state !== IN_FLIGHT) {
        if (s.state === ACKED) since = Infinity;
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
    // fewer are the path's own, which loses one in a hundred whatever is sent: what waits tells of a queue
    if (this.losses.rate > 0.04) this.cc.lost(now, newest);
    if (this.rtt.sampled && newest - since > 3 * this.pto()) this.cc.collapse();
  }

  /** When {@link onTimeout} has something to do; Infinity: not before something is sent. */
  deadline(): number {
    return Math.min(this.lossAt, this.probeAt());
  }

  private probeAt(): number {
    if (this.lossAt !== Infinity || this.quiet || this.eliciting === 0) return Infinity;
    return this.lastSent + (this.left ? this.pto() / suspectProbes : this.pto(this.timeouts));
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
    if (this.left && ++this.asked % suspectProbes > 0) {
      this.probes = 2; // it is only asked until a probe timeout is over
      return;
    }
    this.timeouts++;
    this.probes = this.reliable ? 1 : this.left ? 2 : Math.min(this.timeouts, 2);
    if (this.reliable) return;
    const { ring } = this;
    let budget = packetBytes;
    for (let n = this.oldestInFlight(); n < ring.end && budget > 0; n++) {
      const s = ring.at(n);
      if (s?.state !== IN_FLIGHT) continue;
      budget -= s.bytes;
      this.cfg.settled(s, "repeat");
    }
  }

  /** Has what it holds back sent once more, over the others (SPEC.md, 7.15). */
  repeatHeld(): void {
    const { ring } = this;
    for (let n = Math.max(this.repeated, this.oldestInFlight()); n < ring.end; n++) {
      const s = ring.at(n);
      if (s?.state === IN_FLIGHT) this.cfg.settled(s, "repeat");
    }
    this.repeated = ring.end;
  }

  /** Since when the peer owes so many answers: to the oldest packets above all that was acknowledged. Infinity: it owes fewer. */
  owedSince(answers = 1): number {
    if (this.eliciting < answers) return Infinity;
    const { ring } = this;
    for (let n = Math.max(this.oldestInFlight(), this.largestAcked + 1); n < ring.end; n++) {
      const s = ring.at(n);
      if (s?.state === IN_FLIGHT && s.eliciting && --answers === 0) return s.sentAt;
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
      if (s) s.counts = false;
    }
    this.inFlight = this.probes = 0;
    this.rtt = new Rtt();
    this.begin(now);
  }

  /** All that is in flight is lost, which says nothing about congestion. */
  lostAll(now: number): void {
    const { quickest } = this.rtt;
    this.afresh(now);
    this.rtt.quickest = quickest; // it may live again, over the same network
    this.lossAt = Infinity;
    for (let n = this.oldestInFlight(); n < this.ring.end; n++) {
      const s = this.ring.at(n);
      if (s?.state === IN_FLIGHT) this.settle(s, "lost");
    }
    this.forget(now);
  }

  /** Lost packets are kept for a while: their acks may only be late. */
  protected override keeps(now: number, s: S | undefined): boolean {
    if (super.keeps(now, s)) return true;
    return s?.state === LOST && s.sentAt >= now - 3 * this.pto() && this.ring.length <= maxSent;
  }
}

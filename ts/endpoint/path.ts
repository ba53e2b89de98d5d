import { packetBytes } from "./constants.js";
import { Claims } from "./claims.js";
import { Ring } from "./ring.js";
import { nearest } from "../wire/number.js";

export const maxSent = 1 << 14; // beyond it nothing new is sent until some are settled
export const initialWindow = 10 * packetBytes; // RFC 9002, 7.2

const mostBehind = 2; // RFC 9002, 6.1.1

/**
 * What became of a packet: late is acknowledged after it was lost, which changes a counter and no receipt;
 * repeat: it is in flight still, and a probe is to say again what it carries.
 */
export type Fate = "acked" | "late" | "lost" | "repeat";

/** Whether it has arrived. */
export const came = (fate: Fate) => fate === "acked" || fate === "late";

// The states of a packet that was sent.
export const IN_FLIGHT = 1;
export const ACKED = 2;
export const LOST = 3;

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
  /** The path's own. */
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
  /** The largest ack hold of the peer, in microseconds; none by default. */
  ackHold?: number;
  /** From 0 to below 1, as Math.random. */
  random: () => number;
  /** Makes a record of a packet where none can be used again. */
  make: () => S;
  /** Is called when a packet is overtaken by so many that it is lost. */
  needs?: () => void;
  /** Hears what became of each packet. */
  settled: (sent: S, fate: Fate) => void;
}

/**
 * A Path is what one side knows of one way to its peer: the packets that it sent there. What is here is for a way on which nothing is lost; {@link FullPath} knows the others. It
 * knows packets, and neither frames nor messages; all times are the caller's, in microseconds.
 */
export class Path<S extends Sent> {
  readonly id: number;
  /** What it is for, and where it goes. */
  claims = new Claims();
  reliable: boolean;
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
  /** What carries the path takes nothing now. */
  busy = false;
  /** Packets sent since the beginning. */
  packetsSent = 0;

  protected ring = new Ring<S>(); // by number; undefined: it was left out
  private unused: S[] = [];

  constructor(protected cfg: PathConfig<S>) {
    this.id = cfg.id;
    this.reliable = cfg.reliable;
  }

  /** A record for a packet, to be filled; as long as {@link onSent} does not take it, it is the next one again. */
  fresh(): S {
    const { unused } = this;
    if (unused.length === 0) unused.push(this.cfg.make());
    return unused[unused.length - 1]!;
  }

  /** How many bytes may be in flight. */
  get windowBytes(): number {
    return initialWindow;
  }

  /** Whether a packet may go that is not an ack alone. */
  canSend(_now: number, bytes: number): boolean {
    return this.probes > 0 || !this.full(bytes);
  }

  protected full(bytes: number): boolean {
    return this.inFlight + bytes > this.windowBytes || this.ring.length >= maxSent;
  }

  /** Notes that the packet of the record that {@link fresh} gave goes, under the number {@link next}. */
  onSent(now: number, s: S): void {
    this.unused.pop();
    s.number = this.next++;
    s.sentAt = now;
    s.state = IN_FLIGHT;
    s.counts = s.eliciting && !s.aside;
    this.ring.push(s);
    this.packetsSent++;
    if (!s.eliciting) return;
    this.eliciting++;
    this.probes = Math.max(this.probes - 1, 0);
    if (s.counts) this.inFlight += s.bytes;
  }

  protected recycle(): void {
    const s = this.ring.shift();
    if (s) this.unused.push(s);
  }

  /** Takes an ACK without gaps; false: it acknowledges what was never sent. */
  onAck(now: number, a: AckFrame): boolean {
    const { ring } = this;
    const largest = this.largestOf(a);
    if (largest >= this.next || a.ranges[1]! > largest) return false;
    for (let n = Math.max(largest - a.ranges[1]!, ring.base); n <= largest; n++) {
      const s = ring.at(n);
      if (s?.state === IN_FLIGHT) this.settle(s, "acked");
    }
    this.largestAcked = Math.max(this.largestAcked, largest);
    this.forget(now);
    if (ring.length > 0 && this.largestAcked - ring.base > mostBehind) this.cfg.needs?.();
    return true;
  }

  protected largestOf(a: AckFrame): number {
    return nearest(Math.max(this.largestAcked, 0), a.largest, a.wide ? 32 : 16);
  }

  /** Gives back what is settled. */
  protected forget(now: number): void {
    const { ring } = this;
    while (ring.length > 0 && !this.keeps(now, ring.at(ring.base))) this.recycle();
  }

  /** Whether the oldest packet is still of use. */
  protected keeps(_now: number, s: S | undefined): boolean {
    return s ? s.state === IN_FLIGHT : this.ring.base >= this.largestAcked;
  }

  /** What becomes of a packet that was in flight. */
  protected settle(s: S, fate: "acked" | "lost"): void {
    s.state = fate === "acked" ? ACKED : LOST;
    if (s.counts) this.inFlight -= s.bytes;
    if (s.eliciting) this.eliciting--;
    this.cfg.settled(s, fate);
  }
}

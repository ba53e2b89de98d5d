import { lengthOf, type Key, type Writer } from "../wire/first.js";
import type { Repair } from "../wire/repair.js";
import { appendRepair } from "../wire/sum.js";
import { addTimes, coefficient } from "./galois.js";
import { type Ring } from "./ring.js";
import { symbolWriter, writeSymbol, type Symbol } from "./symbol.js";

const sparsely = 8; // messages that a channel starts between two packets at most
const reach = 7; // packets that a sum reaches back
const idleFor = 66_667; // between sums while nothing is lost
const mostIds = 28;
const keeps = 375_000; // a peer keeps messages so long, at least, without REPAIR
const keepsIds = 128;
const unproven = 128; // packets of a path of which nobody knows yet what it loses
const remembered = 2048; // packets for which one loss is

/** A Strength is how many sums there are for each message, or "auto": as many as the losses call for; 0: none. */
export type Strength = "auto" | 0 | 0.5 | 1 | 2 | 3;

/** A Repairable is a message that a sum may have in it. */
export interface Repairable {
  bytes: Uint8Array;
  size: number;
  options: number;
  key: Key | undefined;
  /** The first id of its group. */
  first: number;
}

/** A Repaired is the channel whose messages are repaired. */
export interface Repaired<M extends Repairable> {
  readonly id: number;
  /** What was started, by id: done ones and all. */
  readonly open: Ring<M>;
  /** Whether more waits there. */
  readonly more: boolean;
  /** Whether a message is on its way, whole, and still of use. */
  underway(m: M): boolean;
  /** Whether an id goes in four bytes. */
  wide(id: number): boolean;
}

/** A Line is the path of the packet: what repair goes by. */
export interface Line {
  readonly reliable: boolean;
  readonly inFlight: number;
  readonly windowBytes: number;
  readonly rtt: { readonly latest: number; readonly min: number };
  readonly losses: {
    readonly rate: number;
    readonly inARow: number;
    readonly last: number;
    readonly since: number;
  };
}

/** How many sums the losses of a path call for, for each message: SPEC.md, 7.17. */
function strengthOf({ rate, inARow, last, since }: Line["losses"]): number {
  if (last < 0) return since < unproven ? 1 : 0;
  if (since > remembered) return 0;
  const load = rate * Math.max(inARow, 1);
  if (load < 0.005) return 0.5;
  return load < 0.08 ? 1 : load < 0.16 ? 1.5 : load < 0.4 ? 2 : 3;
}

/** Whether a path has room for what need not go: half of the window, and packets do not wait for more than 50 ms. */
function spare({ inFlight, windowBytes, rtt }: Line): boolean {
  return inFlight < windowBytes / 2 && rtt.latest - rtt.min <= 50_000;
}

const symbols = symbolWriter();
const symbol: Symbol = { options: 0, key: undefined, back: 0, bytes: new Uint8Array(0), size: 0 };
const frame: Repair = { channel: 0, newest: 0, row: 0, mask: 0, length: 0, toEnd: false };

/**
 * Sums are those that a channel of a reliable delivery sends (SPEC.md, 6.9 and 7.17). Each message that it
 * starts gives it so many; they go with the next packets that leave anyway, and each covers what of the last
 * messages the peer is not known to have. So where all is acknowledged before the next packet leaves nothing is sent.
 */
export class Sums<M extends Repairable> {
  /** Sums, and their bytes, that were sent. */
  sent = 0;
  bytesSent = 0;
  private row = 0;
  private counted = 0; // ids below have given what they give
  private bare = 0; // ids below were not repaired: they came as a flood
  private from = 0; // ids below are in no sum: the peer may not have kept them
  private covered = 0; // one more than the newest id in a sum
  private span = 0; // ids that a sum may reach back
  private credit = 0;
  private at = -Infinity; // when the last one left

  constructor(
    private of: Repaired<M>,
    private strength: Strength,
  ) {}

  /**
   * Appends the sums that are to go now, behind all else of a packet that elicits an ack: first is the id
   * of the channel's first message in the packet, or the next one: what the packet has is lost with it.
   */
  write(now: number, w: Writer, line: Line, first: number): void {
    const { of } = this;
    const { end } = of.open;
    if (of.more || line.reliable || end - this.counted > sparsely) {
      this.counted = this.bare = end;
      this.credit = 0;
      return;
    }
    this.count(now, line);
    if (this.credit < 1) return;
    const longest = this.choose(first);
    if (longest > 0 && !of.wide(frame.newest)) {
      const idle = now - this.at > keeps || first - this.covered > keepsIds;
      let n = Math.min(Math.floor(this.credit), bits(frame.mask));
      for (; n > 0 && spare(line) && this.put(w, longest); n--) this.at = now;
      if (idle && this.at === now) this.from = end; // behind the first one the peer keeps what comes
    }
    this.credit = Math.min(this.credit, 1);
  }

  /** Gives the channel what the messages are worth that it has started since the last time. */
  private count(now: number, line: Line): void {
    const { end } = this.of.open;
    const fresh = end - this.counted;
    const each = this.strength === "auto" ? strengthOf(line.losses) : this.strength;
    this.counted = end;
    this.credit += fresh * each;
    if (each === 0 && this.strength === "auto" && now - this.at >= idleFor) {
      this.credit = Math.max(this.credit, 1);
    }
    const packets = line.losses.inARow > 2.5 ? 2 * reach : reach;
    if (fresh > 0) this.span = Math.min(packets * fresh, mostIds);
  }

  private describe(id: number, m: M): void {
    symbol.options = m.options;
    symbol.key = m.key;
    symbol.back = Math.min(id - m.first, 1 << 14);
    symbol.bytes = m.bytes;
    symbol.size = m.size;
    writeSymbol(symbols, symbol);
  }

  /** Chooses which of the messages below an id a sum covers, into the frame, and returns how long the longest is. */
  private choose(end: number): number {
    const { open } = this.of;
    const low = Math.max(open.base, this.bare, this.from, end - this.span);
    let longest = 0;
    frame.channel = this.of.id;
    for (let id = end - 1; id >= low; id--) {
      const m = open.at(id)!;
      if (m.size > (this.strength === "auto" ? 256 : 500) || !this.of.underway(m)) continue;
      this.describe(id, m);
      if (!symbols.fits) continue;
      if (longest === 0) {
        frame.newest = id;
        frame.mask = 0;
      }
      frame.mask = (frame.mask | (1 << (frame.newest - id))) >>> 0;
      longest = Math.max(longest, symbols.at);
    }
    return longest;
  }

  /** Appends one sum, if there is room. */
  private put(w: Writer, longest: number): boolean {
    const { at } = w;
    if (w.end - at < 4 + lengthOf(frame.channel) + lengthOf(frame.mask) + 2 + longest) return false;
    this.row = (this.row + 1) % 128;
    frame.row = this.row;
    frame.length = longest;
    frame.toEnd = false;
    appendRepair(w, frame);
    w.bytes.fill(0, w.at, w.at + longest);
    for (let i = 0; i < 32; i++) {
      if (!((frame.mask >>> i) & 1)) continue;
      const id = frame.newest - i;
      this.describe(id, this.of.open.at(id)!);
      addTimes(w.bytes, w.at, symbols.bytes, symbols.at, coefficient(this.row, id));
    }
    w.at += longest;
    this.credit--;
    this.covered = Math.max(this.covered, frame.newest + 1);
    this.sent++;
    this.bytesSent += w.at - at;
    return true;
  }
}

function bits(mask: number): number {
  let n = 0;
  for (; mask !== 0; mask &= mask - 1) n++;
  return n;
}

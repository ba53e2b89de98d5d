import { want } from "./error.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** The flags of ACK, SPEC.md, 6.1. */
const flag = { clock: 1, ecn: 2, wide: 4, ranges: 8, path: 16 } as const;

export const ackType = 0x20;

/** The units of hold and clock in microseconds. */
export const holdUnit = 128;
export const clockUnit = 64;

/** How many ranges an ACK holds. */
export const maxAckRanges = 32;

/** An Ack acknowledges packets of one path. It is used again for each one that comes. */
export class Ack {
  /** The path that it speaks of; -1: that of its packet. */
  path = -1;
  /** What came of the number: its low 16 bits, 32 if it is wide. */
  largest = 0;
  wide = false;
  /** In microseconds. */
  hold = 0;
  /** 24 bits of {@link clockUnit}; -1: none. */
  clock = -1;
  /** Packets that came with a mark, modulo 2^16; -1: not said. */
  ect = -1;
  ce = 0;
  /** Pairs of distances below the largest, newest and oldest, of which the first begins with 0; and how many. */
  readonly ranges: number[] = [];
  n = 0;

  /** Adds a range. */
  add(newest: number, oldest: number): void {
    this.ranges[2 * this.n] = newest;
    this.ranges[2 * this.n++ + 1] = oldest;
  }
}

/** Appends ACK; of its first range the newest is 0. */
export function appendAck(w: Writer, a: Omit<Ack, "add">): void {
  const more = a.n > 1;
  w.u8(
    ackType |
      (a.clock < 0 ? 0 : flag.clock) |
      (a.ect < 0 ? 0 : flag.ecn) |
      (a.wide ? flag.wide : 0) |
      (more ? flag.ranges : 0) |
      (a.path < 0 ? 0 : flag.path),
  );
  if (a.path >= 0) w.u8(a.path);
  if (a.wide) w.u32(a.largest);
  else w.u16(a.largest % 0x10000);
  appendHold(w, a.hold);
  if (a.clock >= 0) w.u24(a.clock);
  if (a.ect >= 0) {
    w.u16(a.ect);
    w.u16(a.ce);
  }
  w.v(a.ranges[1]!);
  if (!more) return;
  w.v(a.n - 1);
  for (let i = 2; i < 2 * a.n; i += 2) {
    w.v(a.ranges[i]! - a.ranges[i - 1]! - 2);
    w.v(a.ranges[i + 1]! - a.ranges[i]!);
  }
}

function appendHold(w: Writer, hold: number): void {
  const units = Math.floor(hold / holdUnit);
  w.u8(Math.min(units, 255));
  if (units >= 255) w.u16(Math.min(Math.floor(hold / 1000), 0xffff));
}

const maxDistance = 2 ** 40 - 1;

/** Reads an ACK whose type was read. */
export function readAck(r: Reader, type: number, a: Ack): void {
  a.path = type & flag.path ? r.u8() : -1;
  want(a.path <= 7);
  a.wide = (type & flag.wide) !== 0;
  a.largest = a.wide ? r.u32() : r.u16();
  const units = r.u8();
  a.hold = units < 255 ? units * holdUnit : r.u16() * 1000;
  a.clock = type & flag.clock ? r.u24() : -1;
  a.ect = type & flag.ecn ? r.u16() : -1;
  a.ce = type & flag.ecn ? r.u16() : 0;
  let oldest = r.atMost(maxDistance);
  a.n = 0;
  a.add(0, oldest);
  if (!(type & flag.ranges)) return;
  for (let n = r.count(maxAckRanges - 1); n > 0; n--) {
    const newest = oldest + r.atMost(maxDistance) + 2;
    oldest = newest + r.atMost(maxDistance);
    a.add(newest, oldest);
  }
}

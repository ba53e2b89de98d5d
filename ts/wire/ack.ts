import {
  ACK,
  CLOCK,
  ECN,
  RANGES,
  WIDE_LARGEST,
  clockUnit,
  holdUnit,
  maxDistance,
} from "./constants.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

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
  /** Pairs of distances below the largest, newest and oldest, of which the first begins with 0; and how many. */
  readonly ranges: number[] = [];
  n = 0;

  /** Adds a range. */
  add(newest: number, oldest: number): void {
    this.ranges[2 * this.n] = newest;
    this.ranges[2 * this.n++ + 1] = oldest;
  }
}

/** Appends ACK of the path of its packet; of its first range the newest is 0. */
export function appendAck(w: Writer, a: Omit<Ack, "add">): void {
  const more = a.n > 1;
  w.u8(
    ACK |
      (a.clock < 0 ? 0 : CLOCK) |
      (a.wide ? WIDE_LARGEST : 0) |
      (more ? RANGES : 0),
  );
  if (a.wide) w.u32(a.largest);
  else w.u16(a.largest % 0x10000);
  appendHold(w, a.hold);
  if (a.clock >= 0) w.u24(a.clock);
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

/** Reads an ACK whose type was read, of the path of its packet: all but what stands behind the first range. */
export function readAck(r: Reader, type: number, a: Ack): void {
  a.wide = (type & WIDE_LARGEST) !== 0;
  a.largest = a.wide ? r.u32() : r.u16();
  const units = r.u8();
  a.hold = units < 255 ? units * holdUnit : r.u16() * 1000;
  a.clock = type & CLOCK ? r.u24() : -1;
  if (type & ECN) r.skip(4); // counters of marks, which a program cannot see everywhere
  a.n = 0;
  a.add(0, r.atMost(maxDistance));
}

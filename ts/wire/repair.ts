import { REBUILT, maxSymbol } from "./constants.js";
import { want } from "./error.js";
import { appendHead } from "./frames.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** A Repair is the header of a sum of messages, SPEC.md, 6.9; also REBUILT, without a row. */
export class Repair {
  channel = 0;
  /** What came of the id: its low 16 bits. */
  newest = 0;
  row = 0;
  mask = 1;
  /** How many bytes the sum has. */
  length = 0;
  /** Whether they go to the end of the packet. */
  toEnd = false;
}

/** Reads a REPAIR whose type was read, all but its bytes: they come next. */
export function readRepair(r: Reader, s: Repair): void {
  s.channel = r.channel();
  s.newest = r.u16();
  s.row = r.u8();
  s.mask = readMask(r);
  s.toEnd = s.row >= 128;
  s.length = s.toEnd ? r.left : r.v();
  s.row &= 127;
  want(s.length > 0 && s.length <= maxSymbol && s.length <= r.left);
}

/** Appends REBUILT. */
export function appendRebuilt(w: Writer, channel: number, newest: number, mask: number): void {
  appendHead(w, REBUILT, channel);
  w.u16(newest % 0x10000);
  w.v(mask);
}

/** Reads a REBUILT whose type was read. */
export function readRebuilt(r: Reader, s: Repair): void {
  s.channel = r.channel();
  s.newest = r.u16();
  s.mask = readMask(r);
}

function readMask(r: Reader): number {
  const mask = r.atMost(0xffffffff);
  want(mask % 2 === 1);
  return mask;
}

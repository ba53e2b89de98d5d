import {
  HOLD,
  PATH_RESPONSE,
  PATH_STATUS,
  REBUILT,
  REPAIR,
  maxSilence,
  maxSymbol,
} from "./constants.js";
import { want } from "./error.js";
import { exactOf } from "./exact.js";
import { appendHead } from "./frames.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

// Frames that an endpoint needs which has learned all.

/** Appends HOLD. */
export function appendHold(w: Writer, serial: number | bigint, milliseconds: number): void {
  w.u8(HOLD);
  w.v(serial);
  w.v(milliseconds);
}

/** Reads how long HOLD is, behind its serial. */
export function readHoldTime(r: Reader): number {
  return r.atMost(maxSilence);
}

/** Reads the state of DRAINING: 1 or 2. */
export function readDraining(r: Reader): number {
  const state = r.u8();
  want(state === 1 || state === 2);
  return state;
}

/** A PathStatus says what a path is for, SPEC.md, 6.8. */
export class PathStatus {
  path = 0;
  serial: number | bigint = 0;
  /** 0 share, 1 reserve, 2 abandon, 3 copy. */
  state = 0;
  weight = 1;
}

/** A FrameWriter appends what the frames of paths consist of. */
export type FrameWriter = Pick<Writer, "u8" | "u64" | "v">;

/** Appends PATH_STATUS. */
export function appendPathStatus(w: FrameWriter, s: PathStatus): void {
  w.u8(PATH_STATUS);
  w.u8(s.path);
  w.v(s.serial);
  w.u8(s.state);
  w.u8(s.weight);
}

/** Reads a PATH_STATUS whose type was read. */
export function readPathStatus(r: Reader, s: PathStatus): void {
  s.path = r.u8();
  s.serial = exactOf(r);
  s.state = r.u8();
  s.weight = r.u8();
  want(s.path <= 7 && s.state <= 3 && s.weight > 0);
}

/** Appends PATH_CHALLENGE, or PATH_RESPONSE, with the 8 bytes of a challenge. */
export function appendProof(w: FrameWriter, type: number, token: bigint): void {
  w.u8(type);
  w.u64(token);
  if (type === PATH_RESPONSE) w.u8(0);
}

/** Reads the token of a PATH_CHALLENGE or PATH_RESPONSE. */
export function readProof(r: Reader, type: number): bigint {
  const token = r.u64();
  if (type === PATH_RESPONSE) want(r.u8() === 0);
  return token;
}

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

/** Appends what stands in front of the bytes of REPAIR. */
export function appendRepair(w: Writer, s: Repair): void {
  appendHead(w, REPAIR, s.channel);
  w.u16(s.newest % 0x10000);
  w.u8(s.row | (s.toEnd ? 128 : 0));
  w.v(s.mask);
  if (!s.toEnd) w.v(s.length);
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

import { Code, want } from "./error.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** The types of frames that are no ACK, RUN or FRAGMENT, SPEC.md, 6. */
export const Type = {
  padding: 0,
  ping: 1,
  hello: 2,
  skip: 3,
  window: 4,
  blocked: 5,
  stored: 6,
  repair: 7,
  pathChallenge: 8,
  pathResponse: 9,
  pathStatus: 10,
  hold: 11,
  close: 12,
  closeAck: 13,
  draining: 14,
  rebuilt: 15,
  /** The first type of each kind whose low bits are flags or a count. */
  ack: 0x20,
  fragment: 0x40,
  run: 0x60,
} as const;

/** How many ids SKIP and STORED may name, and how many rows CLOSE has. */
export const maxNamed = 4096;

/** Bytes of a text, and of a row of the channel table. */
export const maxText = 200;
export const rowBytes = 12;

const maxSilence = 65_535_000; // milliseconds that any HELLO can have granted

/** Reads the rest of a packet as PADDING whose type was read. */
export function readPadding(r: Reader): void {
  while (r.left > 0) want(r.u8() === 0);
}

/** Begins SKIP, WINDOW, BLOCKED or STORED. */
export function appendHead(w: Writer, type: number, channel: number): void {
  w.u8(type);
  w.v(channel);
}

/** Appends WINDOW or BLOCKED. */
export function appendLimit(w: Writer, type: number, channel: number, limit: number): void {
  appendHead(w, type, channel);
  w.u32(limit);
}

/** Appends HOLD. */
export function appendHold(w: Writer, serial: number | bigint, milliseconds: number): void {
  w.u8(Type.hold);
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

/** A Close says why a connection ends. */
export interface Close {
  code: number;
  /** In UTF-8, at most {@link maxText}. */
  text: Uint8Array;
  /** The sender's rows, if the code is MISMATCH. */
  rows: Uint8Array;
}

/** Appends CLOSE. */
export function appendClose(w: Writer, c: Close): void {
  w.u8(Type.close);
  w.v(c.code);
  w.block(c.text);
  w.v(c.rows.length / rowBytes);
  w.raw(c.rows);
}

/** Reads a CLOSE whose type was read. */
export function readClose(r: Reader): Close {
  const code = r.atMost(0xffffffff);
  want(code < Code.timeout || code >= Code.application);
  const text = r.block();
  want(text.length <= maxText);
  const rows = r.take(rowBytes * r.atMost(maxNamed));
  return { code, text, rows };
}

/** A PathStatus says what a path is for, SPEC.md, 6.8. */
export class PathStatus {
  path = 0;
  serial: number | bigint = 0;
  /** 0 share, 1 reserve, 2 abandon, 3 copy. */
  state = 0;
  weight = 1;
}

/** Appends PATH_STATUS. */
export function appendPathStatus(w: Writer, s: PathStatus): void {
  w.u8(Type.pathStatus);
  w.u8(s.path);
  w.v(s.serial);
  w.u8(s.state);
  w.u8(s.weight);
}

/** Reads a PATH_STATUS whose type was read. */
export function readPathStatus(r: Reader, s: PathStatus): void {
  s.path = r.u8();
  s.serial = r.exact();
  s.state = r.u8();
  s.weight = r.u8();
  want(s.path <= 7 && s.state <= 3 && s.weight > 0);
}

/** Appends PATH_CHALLENGE, or PATH_RESPONSE, with the 8 bytes of a challenge. */
export function appendProof(w: Writer, type: number, token: bigint): void {
  w.u8(type);
  w.u64(token);
  if (type === Type.pathResponse) w.u8(0);
}

/** Reads the token of a PATH_CHALLENGE or PATH_RESPONSE. */
export function readProof(r: Reader, type: number): bigint {
  const token = r.u64();
  if (type === Type.pathResponse) want(r.u8() === 0);
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

/** How long the symbol of a message may be. */
export const maxSymbol = 512;

/** Appends what stands in front of the bytes of REPAIR. */
export function appendRepair(w: Writer, s: Repair): void {
  appendHead(w, Type.repair, s.channel);
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
  appendHead(w, Type.rebuilt, channel);
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


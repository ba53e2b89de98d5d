import { PATH_RESPONSE, PATH_STATUS } from "./constants.js";
import { want } from "./error.js";
import { exactOf } from "./exact.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

// Frames of paths.

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

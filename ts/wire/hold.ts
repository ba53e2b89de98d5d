import { HOLD, maxSilence } from "./constants.js";
import { want } from "./error.js";
import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

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

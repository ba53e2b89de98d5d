/**
 * Codes of CLOSE and REASON, as SPEC.md, 6.5, has them; those from 64 to 255 never travel. Bundlers put the numbers of an enum in
 * the places of their names.
 */
export enum Code {
  none = 0,
  protocol = 1,
  flow = 2,
  version = 3,
  mismatch = 4,
  full = 5,
  banned = 6,
  expired = 7,
  tooEarly = 8,
  wrongAddress = 9,
  replaced = 10,
  goingAway = 11,
  pad = 12,
  suite = 13,
  tooFast = 14,
  refused = 15,
  used = 16,
  internal = 17,
  connected = 18,
  tooLong = 19,
  /** Nothing was heard for the timeout. */
  timeout = 64,
  /** The server does not know the connection any more. */
  forgotten = 65,
  /** What carried the handshake has ended, and there is nothing else. */
  unreachable = 67,
  /** The first code that is the application's own. */
  application = 256,
}

/**
 * A WireError says that a rule of SPEC.md is broken; its code is that of the CLOSE that follows. Rules of packets
 * have no words, which nobody would read.
 */
export class WireError extends Error {
  override readonly name = "WireError";

  constructor(
    readonly rule = "malformed packet",
    readonly code: number = Code.protocol,
  ) {
    super(`wire: ${rule}`);
  }
}

/** Wants that a rule is kept. */
export function want(kept: boolean, rule?: string): void {
  if (!kept) throw new WireError(rule);
}

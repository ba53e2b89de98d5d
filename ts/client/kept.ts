import { learnKeeping } from "../endpoint/keeping.js";
import type { Dialed } from "./dialed.js";
import { Seat } from "./seat.js";

// What keeps a Conn beyond the connection: tickets, comebacks, other servers, holds, drains and changes of keys. It loads when
// something comes on channel 0, when a server has forgotten the connection or says that it is silent or leaves, and when the
// game shows a ticket, holds or drains.

export { showTicket } from "../netcode/resume.js";

/** Has a connection be kept. */
export function learn(of: Dialed): void {
  if (of.full) learnKeeping(of.full);
  of.seat ??= new Seat(of);
  if (of.line) of.seat.begin();
}

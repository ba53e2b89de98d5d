/**
 * What a Client needs of more than its first connection: several ways, what comes of losses, resume tickets, other
 * servers. Browsers load it as a chunk of its own when something asks for it: Dialed.need.
 */
export { learn } from "../endpoint/parts.js";
export { showTicket } from "../netcode/resume.js";
export { Seat } from "./seat.js";

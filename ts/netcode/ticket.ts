import type { Address } from "../wire/address.js";
import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { readAddresses } from "./address.js";
import { takeShort } from "./bytes.js";
import { maxItems, padOf, type Pad } from "./pad.js";
import { reading } from "./token.js";

const least = 120;
const most = 503;

/**
 * A Ticket is what a client needs to come back to a server without its backend: what the server gave, and
 * what both ends know of the connection on which it did (SPEC.md, 3.6). Whoever has it can come back as
 * the player, once: keep it as one keeps a token.
 */
export interface Ticket {
  readonly protocolId: Uint8Array;
  /** When it is over, in seconds since 1970 by this client's clock. */
  readonly until: number;
  /** Seconds of silence after which a connection ends; zero or less: never. */
  readonly timeout: number;
  readonly pad: Pad;
  /** The server's, that which answered first. */
  addresses: readonly Address[];
  readonly secret: Uint8Array;
  /** What the server gave. */
  readonly ticket: Uint8Array;
  /** That of the last RESUME with it. */
  attempt: bigint;
}

/** Whether a client may show a ticket of so many bytes. */
export const isTicket = (ticket: Uint8Array) => ticket.length >= least && ticket.length <= most;

/** With which a stored ticket begins. */
export const magic = "TWRT\x01";

/** Reads what storeTicket made. Throws a TokenError. */
export function parseTicket(b: Uint8Array): Ticket {
  return reading("resume ticket", "connect with a token instead", () => {
    const r = new Reader(b);
    want(String.fromCharCode(...r.take(5)) === magic, "it is none, or one of a later version");
    const ticket = {
      protocolId: r.take(8).slice(),
      until: Number(r.u64()),
      timeout: r.u32() | 0,
      pad: padOf(takeShort(r, maxItems)),
      addresses: readAddresses(r),
      secret: r.take(32).slice(),
      attempt: r.u64(),
      ticket: r.take(r.left).slice(),
    };
    want(isTicket(ticket.ticket), `it has ${ticket.ticket.length} bytes, not ${least} to ${most}`);
    return ticket;
  });
}

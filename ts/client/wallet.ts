import type { Session } from "../netcode/handshake.js";
import { ticketSecret } from "../netcode/resume.js";
import { readTicket } from "../netcode/store.js";
import { isTicket, type Ticket } from "../netcode/ticket.js";

/** The server's time may run faster than ours, and the ticket has been on its way. */
const longest = 4 * 86400;

/**
 * A Wallet has the newest two of the resume tickets that a server gives: should the line die when one was
 * used, and before others came, there is a second.
 */
export class Wallet {
  newest: Ticket | undefined;
  private spare: Ticket | undefined;

  /** Takes a ticket in that came on a connection. */
  put(ticket: Ticket): void {
    this.spare = this.newest;
    this.newest = ticket;
  }

  /** Takes in what came on channel 0, if it is of use. */
  receive(session: Session, body: Uint8Array, unix: number): void {
    if (!isTicket(body)) return;
    const { lifetime, nonce } = readTicket(body);
    const { credential, address } = session.by;
    const { addresses } = credential;
    this.put({
      protocolId: credential.protocolId,
      until: Math.floor(unix) + Math.min(lifetime, longest),
      timeout: credential.timeout,
      pad: credential.pad,
      addresses: address ? [address, ...addresses.filter((a) => a !== address)] : addresses,
      secret: ticketSecret(session.resumption, nonce),
      ticket: body.slice(),
      attempt: 0n,
    });
  }

  /** The ticket to show: the older one first, since it is of no use after the newer one. */
  get next(): Ticket | undefined {
    return this.spare ?? this.newest;
  }

  /** Takes out a ticket that was used, or is of no use; says whether there is another one. */
  drop(ticket: Ticket): boolean {
    if (this.spare !== ticket) return false;
    this.spare = undefined;
    return true;
  }
}

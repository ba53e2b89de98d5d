/**
 * A Seat is what a page needs to play on after it was loaded again: the newest resume ticket, a name, and which run of
 * the server gave the ticket (Links.run; "": it did not say).
 */
export interface Seat {
  ticket: Uint8Array;
  name: string;
  run: string;
}

const stored = "arena.seat";

/** Keeps a seat for the next page in this tab. Undefined: there is none. */
export function keepSeat(seat: Seat | undefined): void {
  try {
    if (!seat) sessionStorage.removeItem(stored);
    else sessionStorage.setItem(stored, JSON.stringify({ ...seat, ticket: [...seat.ticket] }));
  } catch {
    // A browser that keeps nothing: the next page asks for a name.
  }
}

/** Takes the seat that the page before had; a ticket is good once. */
export function takeSeat(): Seat | undefined {
  try {
    const { ticket, name, run } = JSON.parse(sessionStorage.getItem(stored) ?? "") as { ticket: number[]; name: string; run: string };
    return { ticket: Uint8Array.from(ticket), name: String(name), run: String(run) };
  } catch {
    return undefined;
  } finally {
    keepSeat(undefined);
  }
}

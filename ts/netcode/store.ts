import { swapPairs, type Address } from "../wire/address.js";
import { Reader } from "../wire/reader.js";
import { Writer } from "../wire/writer.js";
import { ascii } from "./bytes.js";
import { magic, type Ticket } from "./ticket.js";

/** The lifetime of a ticket as it came, in seconds, and its nonce. */
export function readTicket(ticket: Uint8Array): { lifetime: number; nonce: Uint8Array } {
  const r = new Reader(ticket);
  r.skip(8);
  return { lifetime: r.u32(), nonce: r.take(24) };
}

/** Appends an address as tokens have it. */
function appendAddress(w: Writer, a: Address): void {
  const ip = a.ip.slice();
  w.u8(ip.length === 4 ? 1 : 2);
  if (ip.length === 16) swapPairs(ip);
  w.raw(ip);
  w.u16(a.port);
}

/** A ticket as bytes for a store, which parseTicket reads; Go's netcode.ResumeTicket has the same. */
export function storeTicket(t: Ticket): Uint8Array {
  const w = new Writer(new Uint8Array(1024 + 19 * t.addresses.length));
  w.raw(ascii(magic));
  w.raw(t.protocolId);
  w.u64(BigInt(t.until));
  w.u32(t.timeout >>> 0);
  w.block(t.pad.items);
  w.u32(t.addresses.length);
  for (const a of t.addresses) appendAddress(w, a);
  w.raw(t.secret);
  w.u64(t.attempt);
  w.raw(t.ticket);
  return w.written().slice();
}

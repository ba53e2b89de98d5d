import { leastTicket, maxAddresses, maxTokens, tokenBytes } from "./constants.js";
import { want } from "./error.js";
import { Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** Kinds of messages on channel 0, the library's own: SPEC.md, 6.4. */
export const Control = { ticket: 1, tokens: 2, addresses: 3 } as const;

/** An Address is where a server is: 4 or 16 bytes in network order, and a port. */
export interface Address {
  ip: Uint8Array;
  port: number;
}

/** What came on channel 0. A kind that nobody knows has its body alone. */
export type ControlMessage =
  | { kind: typeof Control.ticket; expires: bigint; lifetime: number; ticket: Uint8Array }
  | { kind: typeof Control.tokens; tokens: Uint8Array[]; list: Uint8Array }
  | { kind: typeof Control.addresses; addresses: Address[] }
  | { kind: 0; body: Uint8Array };

/** Reads a message of channel 0, which must be all of the bytes. */
export function readControl(message: Uint8Array): ControlMessage {
  const r = new Reader(message);
  const kind = r.v();
  const body = message.subarray(r.at);
  switch (kind) {
    case Control.ticket: {
      const expires = r.u64();
      const lifetime = r.u32();
      want(r.left >= leastTicket);
      return { kind, expires, lifetime, ticket: body };
    }
    case Control.tokens:
      return { kind, tokens: readTokens(r), list: body };
    case Control.addresses:
      return { kind, addresses: readAddresses(r) };
  }
  return { kind: 0, body };
}

function readTokens(r: Reader): Uint8Array[] {
  for (const byte of [0x54, 0x57, 0x54, 0x4b, 1]) want(r.u8() === byte);
  const n = r.count(maxTokens);
  want(r.left === n * tokenBytes);
  return Array.from({ length: n }, () => r.take(tokenBytes));
}

function readAddresses(r: Reader): Address[] {
  const n = r.u32();
  want(n >= 1 && n <= maxAddresses);
  const all = Array.from({ length: n }, () => readAddress(r));
  want(r.left === 0);
  return all;
}

/** Reads an address as tokens have it. */
export function readAddress(r: Reader): Address {
  const kind = r.u8();
  want(kind === 1 || kind === 2);
  const ip = r.take(kind === 1 ? 4 : 16).slice();
  if (kind === 2) swapPairs(ip);
  return { ip, port: r.u16() };
}

/** Appends an address as tokens have it. */
export function appendAddress(w: Writer, a: Address): void {
  const ip = a.ip.slice();
  w.u8(ip.length === 4 ? 1 : 2);
  if (ip.length === 16) swapPairs(ip);
  w.raw(ip);
  w.u16(a.port);
}

/** IPv6 stands as eight u16, each little-endian. */
function swapPairs(ip: Uint8Array): void {
  for (let i = 0; i < ip.length; i += 2) [ip[i], ip[i + 1]] = [ip[i + 1]!, ip[i]!];
}

import { readAddress, type Address } from "./address.js";
import { leastTicket, maxAddresses, maxTokens, tokenBytes } from "./constants.js";
import { want } from "./error.js";
import { Reader } from "./reader.js";

/** Kinds of messages on channel 0, the library's own: SPEC.md, 6.4. */
export const Control = { ticket: 1, tokens: 2, addresses: 3 } as const;

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

import { want } from "../wire/error.js";
import { join } from "./bytes.js";
import { derive, handshakeKeys, label, type HandshakeKeys } from "./keys.js";
import { Kind, opened, prefix, sealed, wireVersion } from "./packet.js";
import { hmac } from "./sha256.js";
import type { Challenge, Showing } from "./showing.js";
import type { Ticket } from "./ticket.js";

const leastResume = 426;

/** The keys that come of the secret of a ticket. */
export function ticketKeys(secret: Uint8Array, protocolId: Uint8Array): HandshakeKeys {
  return handshakeKeys(hmac(label("resume"), secret), protocolId);
}

/** The secret of a ticket, by its nonce. */
export const ticketSecret = (resumption: Uint8Array, nonce: Uint8Array) =>
  derive(resumption, "ticket", nonce);

/** A number below 2^53 in n bytes, little-endian. */
export function little(v: number, n: number): Uint8Array {
  const b = new Uint8Array(n);
  for (let i = 0; i < n; i++, v = Math.floor(v / 256)) b[i] = v % 256;
  return b;
}

/** Makes RESUME. */
export function resume(
  key: Uint8Array,
  nonce: Uint8Array,
  ticket: Uint8Array,
  share: Uint8Array,
  cookie: Uint8Array,
  attempt: bigint,
  instance: bigint,
  hello: Uint8Array,
): Uint8Array {
  const head = join(prefix, Kind.resume, little(ticket.length, 2), ticket);
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, attempt, true);
  numbers.setBigUint64(8, instance, true);
  const n = hello.length;
  const plain = join(
    wireVersion,
    share,
    0, // bytes of a client id
    cookie.length,
    cookie,
    instance === 0n ? 0 : 2,
    new Uint8Array(numbers.buffer),
    n < 128 ? n : join((n & 127) | 128, n >> 7),
    hello,
  );
  const zeros = Math.max(0, leastResume - (head.length + 24 + plain.length + 16));
  return sealed(key, nonce, head, join(plain, new Uint8Array(zeros)));
}

/** Reads RETRY: its number, and the cookie. */
export function readRetry(
  key: Uint8Array,
  b: Uint8Array,
  share: Uint8Array,
): Challenge | undefined {
  return opened(Kind.retry, key, b, share, (r) => {
    const counter = Number(r.u64());
    const body = r.take(16);
    want(r.left === 0);
    return { counter, body };
  });
}

/**
 * Shows a ticket (SPEC.md, 3.6): RESUME, and again with the cookie of each RETRY.
 *
 * @param unix seconds since 1970
 * @param continues the instance of the server's endpoint with which ours wants to go on; 0: none
 */
export function showTicket(ticket: Ticket, unix: number, continues = 0n): Showing {
  const { secret, protocolId, until } = ticket;
  const keys = ticketKeys(secret, protocolId);
  const least = BigInt(Math.floor(unix)) << 24n;
  const attempt = ticket.attempt < least ? least : ticket.attempt + 1n;
  ticket.attempt = attempt;
  return {
    keys,
    what: "resume ticket",
    life: until - unix,
    mayContinue: continues !== 0n,
    answer: (nonce, share, cookie, hello) =>
      resume(keys.offer, nonce, ticket.ticket, share, cookie, attempt, continues, hello),
    read: (b, share) => readRetry(keys.accept, b, share),
  };
}

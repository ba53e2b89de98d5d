import type { Address } from "../wire/address.js";
import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { readAddresses } from "./address.js";
import { ascii, join, same } from "./bytes.js";
import { hasPad, readPad, type Pad } from "./pad.js";

const tokenBytes = 2048;
const padAt = tokenBytes - 64;
const year = 365 * 86400;

/** With which tokens and requests begin. */
export const versionInfo = ascii("NETCODE 1.02\0");

/** A TokenError says what is wrong with connect tokens, or with a resume ticket. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/** Calls read, and says as a {@link TokenError} what is wrong with what is read. */
export function reading<T>(what: string, otherwise: string, read: () => T): T {
  try {
    return read();
  } catch (e) {
    throw new TokenError(`${what}: ${(e as Error).message}; ${otherwise}`);
  }
}

/** A Token is what a login backend gave to a player: leave to play on one server (SPEC.md, 2). */
export interface Token {
  readonly protocolId: Uint8Array;
  /** Seconds from when it was made until it expires. */
  readonly life: number;
  /** Seconds of silence after which a connection ends; zero or less: never. */
  readonly timeout: number;
  readonly addresses: readonly Address[];
  readonly pad: Pad;
  /** The packet that shows it (SPEC.md, 3.5). */
  readonly request: Uint8Array;
  readonly clientToServer: Uint8Array;
  readonly serverToClient: Uint8Array;
}

function readToken(b: Uint8Array): Token {
  const r = new Reader(b);
  want(same(r.take(13), versionInfo), "it is no token of netcode 1.02");
  const protocolId = r.take(8).slice();
  const created = r.u64();
  const life = Number(r.u64() - created);
  r.skip(24 + 1024); // the nonce, and what only the server reads
  const request = join(0, b.subarray(0, 21), b.subarray(29, r.at));
  const timeout = r.u32() | 0;
  const addresses = readAddresses(r);
  const clientToServer = r.take(32).slice();
  const serverToClient = r.take(32).slice();
  const room = b.subarray(padAt);
  want(life >= 0, "it expires before it was made");
  want(life <= year || !hasPad(room), "it is good for more than a year");
  const pad = readPad(room);
  return { protocolId, life, timeout, addresses, pad, request, clientToServer, serverToClient };
}

/** Reads what a backend gave: one token, or a token list. Throws a {@link TokenError}. */
export function parseTokens(b: Uint8Array): Token[] {
  return reading("connect token", "ask the login backend for a new one", () => {
    const list = b.length !== tokenBytes;
    const head = String.fromCharCode(...b.subarray(0, 6));
    want(
      !list || (/^TWTK\x01[\x01-\x08]$/.test(head) && b.length === 6 + b[5]! * tokenBytes),
      `${b.length} bytes are neither a token of 2048 nor a token list`,
    );
    const all: Token[] = [];
    for (let at = list ? 6 : 0; at < b.length; at += tokenBytes)
      all.push(readToken(b.subarray(at, at + tokenBytes)));
    return all;
  });
}

/** The protocol id of a token, or a ticket, as a number. */
export function protocolIdOf({ protocolId: b }: Pick<Token, "protocolId">): bigint {
  return new Reader(b).u64();
}

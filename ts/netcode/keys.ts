import { ascii, join } from "./bytes.js";
import { expand, extract } from "./sha256.js";
import type { Pad } from "./pad.js";

/** The keys of a handshake, which come of a token or a ticket (SPEC.md, 4). */
export interface HandshakeKeys {
  readonly secret: Uint8Array;
  readonly offer: Uint8Array;
  readonly accept: Uint8Array;
  readonly reason: Uint8Array;
}

/** What a key is for, as HKDF is told. */
export const label = (text: string) => ascii("tickwire 1 " + text);

/** The keys of a handshake that come of a secret. */
export function handshakeKeys(secret: Uint8Array, protocolId: Uint8Array): HandshakeKeys {
  const key = (name: string) => expand(secret, 32, label(name), protocolId);
  return { secret, offer: key("offer"), accept: key("accept"), reason: key("reason") };
}

/** The keys that come of a token. */
export function tokenKeys(
  clientToServer: Uint8Array,
  serverToClient: Uint8Array,
  protocolId: Uint8Array,
): HandshakeKeys {
  return handshakeKeys(extract(label("token"), clientToServer, serverToClient), protocolId);
}

/** What a handshake comes to: the first secret of each direction, and what those of tickets come of. */
export interface Secrets {
  readonly toServer: Uint8Array;
  readonly toClient: Uint8Array;
  readonly resumption: Uint8Array;
}

/** Makes the secrets of a connection. Agreed is what X25519 came to, or nothing. */
export function secretsOf(
  keys: HandshakeKeys,
  clientShare: Uint8Array,
  serverShare: Uint8Array,
  agreed: Uint8Array,
  protocolId: Uint8Array,
  pad: Pad,
  connectionId: Uint8Array,
): Secrets {
  const s = extract(join(clientShare, serverShare), keys.secret, agreed);
  const x = join(1, protocolId, pad.suite, pad.tagBytes, connectionId, 0); // of a client id: none
  return {
    toServer: expand(s, 32, label("c2s"), x),
    toClient: expand(s, 32, label("s2c"), x),
    resumption: expand(s, 32, label("resumption"), x),
  };
}

/** The key of an epoch. */
export const keyOf = (secret: Uint8Array) => expand(secret, 32, label("key"));

/** The iv of an epoch. */
export const ivOf = (secret: Uint8Array) => expand(secret, 12, label("iv"));

/** The secret of the epoch that follows. */
export const nextOf = (secret: Uint8Array) => expand(secret, 32, label("next"));

import { ascii, join } from "./bytes.js";
import { expand, hmac } from "./sha256.js";
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

/** What comes of a secret for a purpose: 32 bytes. */
export const derive = (secret: Uint8Array, name: string, ...info: Uint8Array[]) =>
  expand(secret, label(name), ...info);

/** The keys of a handshake that come of a secret. */
export function handshakeKeys(secret: Uint8Array, protocolId: Uint8Array): HandshakeKeys {
  const key = (name: string) => derive(secret, name, protocolId);
  return { secret, offer: key("offer"), accept: key("accept"), reason: key("reason") };
}

/** The keys that come of a token. */
export function tokenKeys(
  clientToServer: Uint8Array,
  serverToClient: Uint8Array,
  protocolId: Uint8Array,
): HandshakeKeys {
  return handshakeKeys(hmac(label("token"), clientToServer, serverToClient), protocolId);
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
  const s = hmac(join(clientShare, serverShare), keys.secret, agreed);
  const x = join(1, protocolId, pad.suite, pad.tagBytes, connectionId, 0); // of a client id: none
  return {
    toServer: derive(s, "c2s", x),
    toClient: derive(s, "s2c", x),
    resumption: derive(s, "resumption", x),
  };
}

import { join } from "./bytes.js";
import { ChaCha } from "./chacha.js";
import { tokenKeys } from "./keys.js";
import { Kind, prefix, sealed, wireVersion } from "./packet.js";
import type { Challenge, Showing } from "./showing.js";
import { versionInfo, type Token } from "./token.js";

const challengeBytes = 308;
const standardBytes = 22; // with which a packet of the standard is sealed besides
const denied = 1;
const challenge = 2;

/** Makes OFFER. Challenge is the body of the standard's challenge: its sequence and its token. */
export function offer(
  key: Uint8Array,
  nonce: Uint8Array,
  challenge: Uint8Array,
  share: Uint8Array,
  items: Uint8Array,
  hello: Uint8Array,
): Uint8Array {
  const head = join(prefix, Kind.offer, challenge.subarray(0, 8));
  const plain = join(wireVersion, share, 0, items.length, items, challenge.subarray(8), hello);
  return sealed(key, nonce, head, plain);
}

/** Reads a packet of the netcode standard (SPEC.md, 3.5): a challenge, or that the server is full. */
export function readStandard(
  key: Uint8Array,
  protocolId: Uint8Array,
  b: Uint8Array,
): Challenge | undefined {
  const type = b[0]! & 15;
  const n = b[0]! >> 4;
  const length = type === denied ? 0 : type === challenge ? challengeBytes : NaN;
  if (n < 1 || n > 8 || b.length !== 1 + n + length + 16) return undefined;
  const sequence = b.subarray(1, 1 + n);
  if (n === 8 && sequence.every((v) => v === 255)) return undefined;
  const nonce = new Uint8Array(12);
  nonce.set(sequence, 4);
  const packet = join(versionInfo, protocolId, b[0]!, b.subarray(1 + n));
  const body = new ChaCha(key).open(nonce, packet, standardBytes);
  if (!body) return undefined;
  let counter = 0;
  for (let i = 7; i >= 3; i--) counter = counter * 256 + (body[i] ?? 0);
  return { counter, body: type === denied ? undefined : body };
}

/** Shows a token (SPEC.md, 3.1): a request, and OFFER to each challenge. */
export function showToken(token: Token): Showing {
  const { request, life, protocolId, serverToClient, pad } = token;
  const keys = tokenKeys(token.clientToServer, serverToClient, protocolId);
  return {
    keys,
    what: "connect token",
    life,
    request,
    mayContinue: false,
    answer: (nonce, share, body, hello) => offer(keys.offer, nonce, body, share, pad.items, hello),
    read: (b) => readStandard(serverToClient, protocolId, b),
  };
}

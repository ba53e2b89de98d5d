import { x25519 as curve } from "@noble/curves/ed25519.js";
import type { Exchange } from "./pad.js";

/** X25519, for tokens that ask for forward secrecy: it is loaded for those. */
export const x25519: Exchange = {
  publicOf: (secret) => curve.getPublicKey(secret),
  agree(secret, other) {
    try {
      return curve.getSharedSecret(secret, other); // which refuses zeros (RFC 7748, 6.1)
    } catch {
      return undefined;
    }
  },
};

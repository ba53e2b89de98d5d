import { gcm } from "@noble/ciphers/aes.js";
import type { Aead } from "./pad.js";

/** Seals with AES-256-GCM, which few tokens ask for: it is loaded for those. */
export function aes(key: Uint8Array): Aead {
  return {
    seal(nonce, packet, header, end) {
      const aead = gcm(key, nonce, packet.subarray(0, header));
      packet.set(aead.encrypt(packet.subarray(header, end)), header);
    },
    open(nonce, packet, header) {
      try {
        return gcm(key, nonce, packet.subarray(0, header)).decrypt(packet.subarray(header));
      } catch {
        return undefined;
      }
    },
  };
}

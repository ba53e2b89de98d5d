import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { takeShort } from "./bytes.js";
import { ChaCha } from "./chacha.js";

/** An Aead seals DATA packets with one key (SPEC.md, 4). The packet begins with its header. */
export interface Aead {
  /** Seals packet from header to end in place, and writes the tag behind end. */
  seal(nonce: Uint8Array, packet: Uint8Array, header: number, end: number): void;
  /** Returns the frames of a packet, opened in place; undefined if it is not authentic. */
  open(nonce: Uint8Array, packet: Uint8Array, header: number): Uint8Array | undefined;
}

/** An Exchange is X25519 (RFC 7748). */
export interface Exchange {
  publicOf(secret: Uint8Array): Uint8Array;
  /** What two come to; undefined if that is zeros only. */
  agree(secret: Uint8Array, other: Uint8Array): Uint8Array | undefined;
}

/** A Pad is what a token asks of a connection beyond the netcode standard (SPEC.md, 2). */
export interface Pad {
  /** Its items as they stand there, which both sides compare. */
  readonly items: Uint8Array;
  /** 1 ChaCha20-Poly1305, 2 AES-256-GCM, 3 HMAC-SHA256. */
  suite: number;
  tagBytes: number;
  /** Makes what seals under a key. */
  aead: (key: Uint8Array, tagBytes: number) => Aead;
  /** Where there is to be forward secrecy. */
  exchange?: Exchange;
}

/** How many bytes the items of a pad have at most. */
export const maxItems = 58;

/** What update is to help against. */
export const unknown = "its pad asks for what this client does not know: update it";

const chacha = (key: Uint8Array) => new ChaCha(key);

/** A pad with items. As long as {@link protect} has not read them it is as one without. */
export const padOf = (items: Uint8Array): Pad => ({
  items: items.slice(),
  suite: 1,
  tagBytes: 16,
  aead: chacha,
});

/** Whether the room for a pad has one. */
export const hasPad = (room: Uint8Array) => String.fromCharCode(...room.subarray(0, 4)) === "TWPD";

/** Reads the 64 bytes of room for a pad. Throws a WireError if nobody may use its token. */
export function readPad(room: Uint8Array): Pad {
  if (!hasPad(room)) return padOf(new Uint8Array(0));
  const r = new Reader(room.subarray(4));
  want(r.u8() === 1, unknown);
  return padOf(takeShort(r, maxItems));
}

/** Has a pad be what its items ask for, and loads that. Rejects with a WireError if nobody may use it. */
export async function protect(pad: Pad): Promise<void> {
  if (pad.items.length > 0) await (await import("./protection.js")).protect(pad);
}

import { join } from "./bytes.js";
import { block, hchacha, stateOf, word, xor } from "./chacha20.js";
import { addToTag, beginTag, writeTag } from "./poly1305.js";
import type { Aead } from "./pad.js";

const tagBytes = 16;
const tag = new Uint8Array(tagBytes);
const lengths = new Uint8Array(16);
const lengthsView = new DataView(lengths.buffer);

/**
 * Seals with ChaCha20-Poly1305 (RFC 8439), what the standard's packets and suite 1 have.
 *
 * It is our own, and not a library's, since that makes several arrays for each packet, which takes longer, and
 * is twice as large. No branch depends on what is secret, and no place in memory: what is here for all keys is
 * overwritten by the next packet.
 */
export class ChaCha implements Aead {
  private readonly state: Int32Array;

  constructor(key: Uint8Array) {
    this.state = stateOf(key);
  }

  private start(nonce: Uint8Array): void {
    const { state } = this;
    state[12] = 0;
    for (let i = 0; i < 3; i++) state[13 + i] = word(nonce, 4 * i);
    beginTag(block(state));
  }

  /** Writes the tag of what is encrypted (RFC 8439, 2.8). */
  private sign(packet: Uint8Array, header: number, end: number, to: Uint8Array, at: number): void {
    addToTag(packet, 0, header);
    addToTag(packet, header, end);
    lengthsView.setUint32(0, header, true);
    lengthsView.setUint32(8, end - header, true);
    addToTag(lengths, 0, 16);
    writeTag(to, at);
  }

  seal(nonce: Uint8Array, packet: Uint8Array, header: number, end: number): void {
    this.start(nonce);
    xor(this.state, packet, header, end);
    this.sign(packet, header, end, packet, end);
  }

  open(nonce: Uint8Array, packet: Uint8Array, header: number): Uint8Array | undefined {
    const end = packet.length - tagBytes;
    if (end < header) return undefined;
    this.start(nonce);
    this.sign(packet, header, end, tag, 0);
    let difference = 0;
    for (let i = 0; i < tagBytes; i++) difference |= tag[i]! ^ packet[end + i]!;
    if (difference !== 0) return undefined;
    xor(this.state, packet, header, end);
    return packet.subarray(header, end);
  }
}

/** What is left of a nonce of XChaCha20 (SPEC.md, 3.1) when its first sixteen bytes are in the key. */
const rest = (nonce: Uint8Array) => join(new Uint8Array(4), nonce.subarray(16));

/** Seals with XChaCha20-Poly1305, as the packets of our handshake are. */
export function sealX(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const b = join(data, plain, new Uint8Array(tagBytes));
  new ChaCha(hchacha(key, nonce)).seal(rest(nonce), b, data.length, b.length - tagBytes);
  return b.subarray(data.length);
}

/** Opens what sealX has sealed. */
export function openX(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return new ChaCha(hchacha(key, nonce)).open(rest(nonce), join(data, sealed), data.length);
}

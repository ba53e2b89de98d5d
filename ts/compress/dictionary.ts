import { OpenError } from "./error.js";

const magic = new TextEncoder().encode("tickwire dictionary 1\n");
const least = 16;
const most = 65536;

/** The low half of FNV-1a, 64 bits; 0 and 1 mean something else. */
function digest(content: Uint8Array): number {
  let low = 0x84222325;
  let high = 0xcbf29ce4;
  for (const byte of content) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3; // the prime is 2^40 + 0x1b3
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return Math.max(low, 2);
}

/** A Dictionary is bytes that messages are likely to repeat. Both ends of a channel need the same. */
export class Dictionary {
  /** A digest of the content, by which both ends find out whether they have the same. */
  readonly id: number;
  /** What is most likely repeated stands last. It must not be changed. */
  readonly content: Uint8Array;

  /** Makes one of 16 to 65536 bytes, which are copied. Throws an {@link OpenError} if they are less or more. */
  constructor(content: Uint8Array) {
    if (content.length < least || content.length > most) {
      throw new OpenError("dictionary", content.length, `${least} to ${most} bytes`);
    }
    this.content = content.slice();
    this.id = digest(content);
  }

  /** Reads a file that `tickwire dict train` wrote. Throws an {@link OpenError} if it is none. */
  static parse(file: Uint8Array): Dictionary {
    const head = magic.length + 4;
    if (file.length < head || magic.some((byte, i) => file[i] !== byte)) {
      throw new OpenError("dictionary", undefined, "a file of tickwire dict train");
    }
    const id = new DataView(file.buffer, file.byteOffset).getUint32(magic.length, true);
    const dictionary = new Dictionary(file.subarray(head));
    if (dictionary.id !== id) {
      throw new OpenError("dictionary", dictionary.id, `the ID ${id} that it was written with`);
    }
    return dictionary;
  }
}

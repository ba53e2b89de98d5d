import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** How a type is written that writes its own bits, as codec.Bits of Go. */
export interface Bits<T> {
  /** A value that is zero. */
  create(): T;
  /** Writes the bits of a value. */
  appendBits(w: Writer, v: T): void;
  /** Reads a value, into the memory of old if there is one that will do. */
  readBits(r: Reader, old?: T): T;
}

import { type Reader } from "./reader.js";
import { type Writer } from "./writer.js";

/** What the generator writes of each type of message, and what a type may bring that writes its own bits. */
export interface Message<T> {
  /** A value whose fields are zero. */
  create(): T;
  /** Writes the fields. */
  appendBits(w: Writer, m: Readonly<T>): void;
  /** Reads the fields into m. */
  readBits(r: Reader, m: T): void;
}

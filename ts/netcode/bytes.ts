import { want } from "../wire/error.js";
import type { Reader } from "../wire/reader.js";

/** Takes bytes behind their length in one byte, at most most of them; in place. */
export function takeShort(r: Reader, most: number): Uint8Array {
  const n = r.u8();
  want(n <= most);
  return r.take(n);
}

/** The bytes of parts that follow one another: bytes, or the values of single ones. */
export function join(...parts: (Uint8Array | number)[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += typeof part === "number" ? 1 : part.length;
  const b = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "number") {
      b[at++] = part;
    } else {
      b.set(part, at);
      at += part.length;
    }
  }
  return b;
}

/** A text of ASCII as bytes. */
export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Whether two strings of bytes are the same. The time that it takes tells only their lengths. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length && i < b.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

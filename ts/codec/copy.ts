// What copy of a message calls. Each returns a copy that shares no memory with what it is of, in the
// memory of to where that will do.

import { type Bits } from "./bits.js";
import { Reader } from "./reader.js";
import { type AddrPort } from "./values.js";
import { Writer } from "./writer.js";

export function copyBytes(from: Uint8Array, to?: Uint8Array): Uint8Array {
  if (to === undefined || to.length !== from.length || to === from) return from.slice();
  to.set(from);
  return to;
}

export function copyAddrPort(from: Readonly<AddrPort>, to?: AddrPort): AddrPort {
  const addr = copyBytes(from.addr, to?.addr);
  if (to === undefined) return { addr, port: from.port };
  to.addr = addr;
  to.port = from.port;
  return to;
}

/** Without copy, elements are values. */
export function copyArray<A extends unknown[]>(
  from: Readonly<A>,
  to?: A,
  copy: (from: A[number], to?: A[number]) => A[number] = itself,
): A {
  const into: unknown[] = to ?? [];
  for (let i = 0; i < from.length; i++) into[i] = copy(from[i], into[i]);
  into.length = from.length;
  return into as A;
}

export function copyMap<K, V>(
  from: ReadonlyMap<K, V>,
  to: Map<K, V> = new Map(),
  copy: (from: V, to?: V) => V = itself,
): Map<K, V> {
  to.clear();
  for (const [key, value] of from) to.set(key, copy(value));
  return to;
}

export function copyOptional<T>(
  from: T | null,
  to: T | null | undefined,
  copy: (from: T, to?: T) => T = itself,
): T | null {
  return from === null ? null : copy(from, to ?? undefined);
}

/** Copies a value of a type that writes its own bits, by way of them. */
export function copyBits<T>(type: Bits<T>, from: T, to?: T): T {
  const w = new Writer();
  type.appendBits(w, from);
  const r = new Reader();
  r.start(w.finish());
  return type.readBits(r, to);
}

function itself<T>(from: T): T {
  return from;
}

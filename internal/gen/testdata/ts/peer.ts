// Answers the lines of its input, each of which is a job for one type of message:
//
//     full Type version hex          reads it, and writes it again
//     delta Type version base next   writes in what two messages differ
//     apply Type version base delta  applies that, and writes what came of it in full
//     there Type version base next   does both
//
// The answer is "= hex", or "! Field: reason". A "?" is what must not be.
import { createInterface } from "node:readline";
import { FieldError, Reader, Writer } from "@tickwire/client/codec";
import * as messages from "./messages.js";

interface Message {
  create(): unknown;
  equal(a: unknown, b: unknown): boolean;
  copy(from: unknown, to?: unknown): unknown;
  encode(m: unknown, w?: Writer): Uint8Array;
  decode(b: Uint8Array, m?: unknown, r?: Reader): unknown;
  encodeDelta(m: unknown, base: unknown, w?: Writer): Uint8Array;
  applyDelta(b: Uint8Array, base: unknown, m?: unknown, r?: Reader): unknown;
}

const types = messages as unknown as Record<string, Message>;
const used = new Map<Message, unknown>();
const w = new Writer(1);
const r = new Reader();

const bytesOf = (hex: string | undefined) => new Uint8Array(Buffer.from(hex ?? "", "hex"));
const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");

/** Memory that held other messages of the type before. */
function usedOf(type: Message): unknown {
  const m = used.get(type) ?? type.create();
  used.set(type, m);
  return m;
}

class Surprise extends Error {}

function expect(what: string, holds: boolean): void {
  if (!holds) throw new Surprise(what);
}

const jobs: Record<string, (type: Message, first: Uint8Array, second: Uint8Array) => string> = {
  full(type, b) {
    const fresh = type.decode(b, undefined, r);
    const reused = type.decode(b, usedOf(type), r);
    const hex = hexOf(type.encode(fresh, w));
    expect(
      "memory that was used before changes what is read",
      hexOf(type.encode(reused, w)) === hex,
    );
    expect("two values of the same bytes are equal", type.equal(fresh, reused));
    const copied = type.copy(fresh);
    type.decode(b, fresh, r);
    expect("a copy is equal", type.equal(copied, reused));
    return hex;
  },

  delta(type, base, next) {
    const from = type.decode(base, undefined, r);
    return hexOf(type.encodeDelta(type.decode(next, undefined, r), from, w));
  },

  apply(type, base, delta) {
    const from = type.decode(base, undefined, r);
    const before = hexOf(type.encode(from, w));
    const fresh = type.applyDelta(delta, from, undefined, r);
    const reused = type.applyDelta(delta, from, usedOf(type), r);
    expect("the base stays as it was", hexOf(type.encode(from, w)) === before);
    const hex = hexOf(type.encode(fresh, w));
    expect(
      "memory that was used before changes what is applied",
      hexOf(type.encode(reused, w)) === hex,
    );
    const inPlace = type.applyDelta(delta, from, from, r);
    expect("a delta can be applied in place", inPlace === from && type.equal(from, fresh));
    return hex;
  },

  there(type, base, next) {
    return jobs["apply"]!(type, base, bytesOf(jobs["delta"]!(type, base, next)));
  },
};

function answer(line: string): string {
  const [job, name, version, first, second] = line.split(" ");
  r.version = w.version = Number(version);
  try {
    return "= " + jobs[job!]!(types[name!]!, bytesOf(first), bytesOf(second));
  } catch (e) {
    if (e instanceof FieldError) return `! ${e.field}: ${e.reason}`;
    return "? " + String(e instanceof Error ? e.stack : e).replaceAll("\n", " ");
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(answer(line));

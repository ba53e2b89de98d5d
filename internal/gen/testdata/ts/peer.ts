// Reads lines "Type version hex" from its input, and answers each with "= hex", the same value written
// again, or "! Field: reason". A "?" is what must not be.
import { createInterface } from "node:readline";
import { FieldError, Reader, Writer } from "@tickwire/client/codec";
import * as messages from "./messages.js";

interface Message {
  create(): unknown;
  equal(a: unknown, b: unknown): boolean;
  encode(m: unknown, w?: Writer): Uint8Array;
  decode(b: Uint8Array, m?: unknown, r?: Reader): unknown;
}

const types = messages as unknown as Record<string, Message>;
const used = new Map<string, unknown>();
const w = new Writer();
const r = new Reader();

/** Decodes into new memory and into that of the message before, and writes both again. */
function again(name: string, version: number, b: Uint8Array): string {
  const type = types[name]!;
  r.version = w.version = version;
  const fresh = type.decode(b, undefined, r);
  const old = used.get(name) ?? type.create();
  used.set(name, old);
  const reused = type.decode(b, old, r);
  const hex = Buffer.from(type.encode(fresh, w)).toString("hex");
  const same = Buffer.from(type.encode(reused, w)).toString("hex") === hex;
  const own = new Writer(1);
  own.version = version;
  if (!same || Buffer.from(type.encode(fresh, own)).toString("hex") !== hex) {
    return "? memory that was used before changes what is written";
  }
  if (!type.equal(fresh, reused) && !/NaN/.test(String(Object.values(fresh as object)))) {
    return "? two values of the same bytes are not equal";
  }
  return "= " + hex;
}

function answer(line: string): string {
  const [name, version, hex] = line.split(" ") as [string, string, string];
  try {
    return again(name, Number(version), Buffer.from(hex, "hex"));
  } catch (e) {
    if (e instanceof FieldError) return `! ${e.field}: ${e.reason}`;
    return "? " + String(e instanceof Error ? e.stack : e).replaceAll("\n", " ");
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(answer(line));

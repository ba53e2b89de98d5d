import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FieldError, Reader, Writer, type Rotation, type Vector } from "./index.js";
import { fromUnit, fromQuat, quat, unit } from "./direction.js";
import { angle, dequantize, fromAngle, fromHalf, half, quantize } from "./float.js";
import * as five from "../testdata/five.js";

interface Vectors {
  Numbers: { Kind: string; Value: string; Hex: string }[];
  Codes: {
    Kind: string;
    Bits: number;
    Lo: number;
    Step: number;
    Value: number[];
    Code: string;
    Read: number[];
  }[];
  Strings: { Behind: number; Limit: number; Value: string; Hex: string }[];
  Messages: { Type: string; Value: Record<string, unknown>; Hex: string }[];
  Deltas: { Type: string; Base: string; Next: string; Delta: string }[];
  Refused: { Type: string; Hex: string; Field: string; Error: string }[];
}

// from ts/dist/codec, where this is compiled to
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const file = join(root, "testdata/vectors/codec.json");
const text = readFileSync(file, "utf8").replace(/"Owner": (\d+)/, '"Owner": "$1"'); // more than 2^53
const vectors = JSON.parse(text) as Vectors;

const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

test("numbers are the bits of the golden vectors", () => {
  assert.ok(vectors.Numbers.length > 50);
  const w = new Writer();
  const r = new Reader();
  for (const { Kind, Value, Hex } of vectors.Numbers) {
    const kind = Kind as
      "varint16" | "varint32" | "varint64" | "zigzag16" | "zigzag32" | "zigzag64";
    w.start();
    r.start(bytesOf(Hex));
    if (kind === "varint64" || kind === "zigzag64") {
      w[kind]("n", BigInt(Value));
      assert.equal(r[kind]("n"), BigInt(Value));
    } else {
      w[kind]("n", Number(Value));
      assert.equal(r[kind]("n"), Number(Value));
    }
    r.finish("n");
    assert.equal(hexOf(w.finish()), Hex, `${Kind} ${Value}`);
  }
});

/** The code of a vector as one number, and what it is read as. */
const codes: Record<string, (v: Vectors["Codes"][0]) => [bigint, number[]]> = {
  quantized({ Value, Lo, Step }) {
    const code = quantize(Value[0]!, Lo, 1 / Step);
    return [BigInt(code), [dequantize(code, Lo, Step)]];
  },
  half({ Value }) {
    const code = half(Value[0]!);
    return [BigInt(code), [fromHalf(code)]];
  },
  angle({ Value, Bits }) {
    const code = angle(Value[0]!, Bits);
    return [BigInt(code), [fromAngle(code, Bits)]];
  },
  unit({ Value, Bits }) {
    const [a, b] = unit(Value as Vector, Bits, 64)! as unknown as Vector;
    const read: Vector = [0, 0, 0];
    assert.ok(fromUnit(a, b, Bits, read));
    return [BigInt(a) | (BigInt(b) << BigInt(Bits)), read];
  },
  quat({ Value, Bits }) {
    const [l, a, b, c] = quat(Value as Rotation, Bits, 64)! as unknown as Rotation;
    const read: Rotation = [0, 0, 0, 0];
    assert.ok(fromQuat(l, a, b, c, Bits, read));
    const n = BigInt(Bits);
    return [
      BigInt(l) | (BigInt(a) << 2n) | (BigInt(b) << (2n + n)) | (BigInt(c) << (2n + 2n * n)),
      read,
    ];
  },
};

test("floats, angles, directions and rotations have the codes of the golden vectors", () => {
  assert.ok(vectors.Codes.length > 50);
  for (const v of vectors.Codes) {
    const [code, read] = codes[v.Kind]!(v);
    assert.equal(code, BigInt(v.Code), JSON.stringify(v));
    assert.deepEqual(read, v.Read, JSON.stringify(v));
  }
});

test("strings stand behind any number of bits", () => {
  const w = new Writer(1);
  const r = new Reader();
  for (const { Behind, Limit, Value, Hex } of vectors.Strings) {
    w.start();
    w.bits(2 ** Behind - 1, Behind);
    w.string("s", Value, Limit);
    assert.equal(hexOf(w.finish()), Hex);
    r.start(bytesOf(Hex));
    assert.equal(r.bits(Behind), 2 ** Behind - 1);
    assert.equal(r.string("s", Limit), Value);
    r.finish("s");
  }
});

interface Message<T> {
  create(): T;
  encode(m: T, w?: Writer): Uint8Array;
  decode(b: Uint8Array, m?: T, r?: Reader): T;
  equal(a: T, b: T): boolean;
  encodeDelta(m: T, base: T): Uint8Array;
  applyDelta(b: Uint8Array, base: T): T;
}

const types: Record<string, Message<unknown>> = {
  Input: five.Input as Message<unknown>,
  Entity: five.Entity as Message<unknown>,
  Snapshot: five.Snapshot as Message<unknown>,
  Chat: five.Chat as Message<unknown>,
  Inventory: five.Inventory as Message<unknown>,
};

/** A value of Go's JSON as TypeScript has it. */
function valueOf(name: string, v: unknown): unknown {
  if (name === "Owner") return BigInt(v as string);
  if (name === "Ammo")
    return new Map(Object.entries(v as object).map(([k, n]) => [Number(k), n as number]));
  if (name === "Enchants") return typeof v === "string" ? [...Buffer.from(v, "base64")] : (v ?? []);
  if (Array.isArray(v)) return v.map((e) => valueOf("", e));
  if (typeof v !== "object" || v === null) return v;
  const lower = (s: string) =>
    s === s.toUpperCase() ? s.toLowerCase() : s[0]!.toLowerCase() + s.slice(1);
  return Object.fromEntries(Object.entries(v).map(([k, e]) => [lower(k), valueOf(k, e)]));
}

test("messages are the bytes of the golden vectors", () => {
  assert.equal(vectors.Messages.length, 5);
  for (const { Type, Value, Hex } of vectors.Messages) {
    const type = types[Type]!;
    const read = type.decode(bytesOf(Hex));
    assert.equal(hexOf(type.encode(read)), Hex, Type);
    assert.equal(hexOf(type.encode(valueOf("", Value))), Hex, Type);
    assert.ok(type.equal(read, type.decode(bytesOf(Hex), type.create())), Type);
  }
});

test("deltas are the bytes of the golden vectors", () => {
  assert.ok(vectors.Deltas.length > 15);
  for (const { Type, Base, Next, Delta } of vectors.Deltas) {
    const type = types[Type]!;
    const base = type.decode(bytesOf(Base));
    const next = type.decode(bytesOf(Next));
    assert.equal(hexOf(type.encodeDelta(next, base)), Delta, Type);
    assert.equal(hexOf(type.encode(type.applyDelta(bytesOf(Delta), base))), Next, Type);
  }
});

test("what must be refused is refused, at its field and with its reason", () => {
  assert.ok(vectors.Refused.length >= 20);
  for (const { Type, Hex, Field, Error: text } of vectors.Refused) {
    assert.throws(
      () => types[Type]!.decode(bytesOf(Hex)),
      (e) => e instanceof FieldError && e.field === Field && e.message.includes(text),
      `${Type} ${Hex}`,
    );
  }
});

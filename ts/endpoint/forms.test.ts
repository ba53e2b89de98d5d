import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Input } from "../testdata/five.js";
import { All, schemaVersion } from "../testdata/sample.js";
import { registryOf, schemasOf, type Form } from "./forms.js";
import { type Hello, WireError } from "../wire/first.js";
import { schemasItem } from "../wire/schemas.js";
import { formDifference } from "./mismatch.js";
import { Schemas } from "./schemas.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const read = (file: string) =>
  JSON.parse(readFileSync(join(root, "testdata/vectors", file), "utf8")) as unknown;
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

interface Schema {
  Channel: number;
  Versions: string[];
}

const formsOf = (all: Schema[]): Form[] =>
  all.map((s) => ({ channel: s.Channel, schema: s.Versions }));

test("digests of forms are those of the golden vectors", () => {
  const { forms } = read("numbers.json") as {
    forms: { name: string; forms: { channel: number; text: string }[]; digest: number }[];
  };
  assert.ok(forms.length >= 4);
  for (const v of forms) {
    const all = v.forms.map((f) => ({ channel: f.channel, schema: [f.text] }));
    const [newest] = schemasOf(all.reverse());
    assert.deepEqual(newest, { version: 1, digest: v.digest }, v.name);
  }
});

test("what differs is named as Go names it", () => {
  const { Pairs } = read("forms.json") as {
    Pairs: {
      Ours: Schema[];
      Theirs: Schema[];
      Versions: { Version: number; Digest: number }[];
      Rows: string;
      Told: string;
    }[];
  };
  assert.ok(Pairs.length >= 12);
  let told = 0;
  for (const { Ours, Versions, Rows, Told } of Pairs) {
    const ours = formsOf(Ours);
    const want = Versions.map((v) => ({ version: v.Version, digest: v.Digest }));
    assert.deepEqual(schemasOf(ours), want);
    if (Told === "") continue;
    assert.equal(formDifference(ours, bytesOf(Rows)), Told);
    told++;
  }
  assert.ok(told >= 10);
});

test("rows that are cut, or make no sense, are read all the same", () => {
  const forms = [{ channel: 3, schema: Input.schema }];
  const row = "01000002fe1e154f00000000" + "030000019448d5072299b53a" + "030001010000000000000000";
  for (let n = 0; n < row.length; n += 2) {
    assert.equal(typeof formDifference(forms, bytesOf(row.slice(0, n))), "string");
  }
  assert.match(formDifference([], bytesOf(row)), /no version is common: we have 0, the peer 1/);
});

test("generated messages say what their form is, in each version", () => {
  assert.equal(All.schema.length, schemaVersion);
  assert.match(Input.schema[0]!, /^Input\nTick uint32\nButtons 0\.\.4095\n/);
  assert.equal(schemasOf([{ channel: 1, schema: All.schema }], 2).length, 2);
  const kinds = [
    { number: 7, name: "Other" },
    { number: 2, name: "Two", schema: ["Two\nA bool", "Two\nA half"] },
  ];
  assert.deepEqual(registryOf("Event", kinds), [
    "Event\n2 Two; A bool\n7 Other",
    "Event\n2 Two; A half\n7 Other",
  ]);
  assert.deepEqual(registryOf("Event", [kinds[0]!]), []);
  assert.deepEqual(schemasOf([{ channel: 1, schema: [] }]), []);
});

test("of two lists of versions the last counts, and each has to be one", () => {
  const ours = new Schemas([
    { version: 2, digest: 7 },
    { version: 1, digest: 5 },
  ]);
  const item = (version: number, digest: number) =>
    [3, schemasItem([{ version, digest }])] as const;
  const common = (...items: (readonly [number, Uint8Array])[]) =>
    ours.common({ items } as unknown as Hello);
  assert.equal(common(), 2);
  assert.equal(common(item(2, 7)), 2);
  assert.equal(common(item(2, 7), item(1, 5)), 1);
  assert.equal(common(item(1, 5), item(3, 9)), undefined);
  assert.throws(() => common([3, new Uint8Array(0)], item(2, 7)), WireError);
});

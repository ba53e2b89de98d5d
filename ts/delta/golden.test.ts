import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Input } from "../testdata/five.js";
import { Receiver, Sender, type Key, type Keys } from "./index.js";

interface Tick {
  Delivered?: number[];
  Lost?: number[];
  Drop?: string[];
  Put?: { Key: string; Value: string; Fits: boolean }[];
  Message?: string;
  Read?: { Number: number; News?: { Key: string; Value?: string }[] }[];
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const { Games } = JSON.parse(readFileSync(join(root, "testdata/vectors/delta.json"), "utf8")) as {
  Games: { Name: string; Keys: Keys; Room: number; Ticks: Tick[] }[];
};

const hexOf = (b: Uint8Array) => Buffer.from(b).toString("hex");
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

test("both ends write and read the games of the golden vectors, bit by bit", () => {
  assert.ok(Games.length >= 4);
  for (const { Name, Keys, Room, Ticks } of Games) {
    const keyOf = (key: string): Key => (Keys.endsWith("64") ? BigInt(key) : Number(key));
    const from = new Sender<Key, Input>({ type: Input, keys: Keys });
    const to = new Receiver<Key, Input>({ type: Input, keys: Keys });
    const messages: Uint8Array[] = [];
    let news = 0;
    Ticks.forEach((tick, now) => {
      const at = `${Name}, tick ${now}`;
      for (const n of tick.Lost ?? []) from.lost(n + 1);
      for (const n of tick.Delivered ?? []) from.delivered(n + 1);
      for (const key of tick.Drop ?? []) from.drop(keyOf(key));
      from.begin(Room);
      for (const p of tick.Put ?? []) {
        assert.equal(from.put(keyOf(p.Key), Input.decode(bytesOf(p.Value))), p.Fits, at);
      }
      const message = from.end();
      assert.equal(message === undefined ? undefined : hexOf(message), tick.Message, at);
      if (message !== undefined) from.sent(messages.push(message.slice()));
      for (const { Number: n, News } of tick.Read ?? []) {
        const heard: { Key: string; Value?: string }[] = [];
        to.read(messages[n]!, (key, value, gone) => {
          const Value = hexOf(Input.encode(value));
          heard.push(gone ? { Key: String(key) } : { Key: String(key), Value });
        });
        assert.deepEqual(heard, News ?? [], at);
        news += heard.length;
      }
    });
    assert.ok(
      messages.length > 25 && news > 25,
      `${Name}: ${messages.length} messages, ${news} news`,
    );
  }
});

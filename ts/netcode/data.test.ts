import assert from "node:assert/strict";
import { test } from "node:test";
import { openerOf, sealerOf, plainPad, randomOf } from "../testdata/handshake.js";
import { Epochs } from "./epochs.js";
import { Opener } from "./opener.js";
import { padOf, protect } from "./pad.js";
import { changeKeys } from "./rekey.js";

const noId = new Uint8Array(0); // as a server that seals for us

test("epochs: both sides go along, and a sender waits for the peer", () => {
  const secret = randomOf(3)(32);
  const sealer = sealerOf(plainPad, secret, noId);
  const opener = openerOf(plainPad, secret);
  const seal = (now: number, n: number) => sealer.seal(now, 0, n, 2, Uint8Array.of(n)).slice();
  const opens = (now: number, b: Uint8Array) => opener.open(now, b.slice(), 0)?.[0];
  const [zero, one] = [seal(0, 0), seal(0, 1)];
  assert.equal(opens(0, zero), 0);
  assert.equal(changeKeys(sealer, 0, 0, -1, 1000), false, "nothing was acknowledged");
  assert.ok(changeKeys(sealer, 0, 0, 0, 1000));
  const two = seal(10_000, 2);
  assert.equal(two[0]! & 4, 4);
  assert.equal(opens(10_000, two), 2);
  assert.equal(opens(20_000, one), 1, "what was late has the keys of before");
  assert.equal(changeKeys(sealer, 12_000, 0, 2, 1000), false, "three probe timeouts");
  assert.equal(changeKeys(sealer, 14_000, 0, 1, 1000), false, "of this epoch");
  assert.ok(changeKeys(sealer, 14_000, 0, 2, 1000));
  const three = seal(14_000, 3);
  const flipped = three.slice();
  flipped[0]! ^= 4;
  assert.equal(opens(14_000, flipped), undefined);
  assert.equal(opens(10_500, three), undefined, "within a millisecond of the last change");
  assert.equal(opens(14_000, three), 3);
  const four = seal(14_000, 4);
  assert.equal(opens(14_000, four), 4);
  assert.equal(opens(14_000, four), undefined);
});

test("keys are to be changed after four million packets, and then for as many again", () => {
  const sealer = sealerOf(plainPad, randomOf(3)(32), noId);
  sealer.left = 2;
  for (const n of [0, 1]) sealer.seal(0, 0, n, 2, Uint8Array.of(n));
  assert.equal(sealer.left, 0);
  assert.ok(changeKeys(sealer, 0, 0, 0, 1000));
  assert.equal(sealer.left, 2 ** 22);
});

test("who knows one epoch drops the others, and opens them once it knows them", () => {
  const secret = randomOf(3)(32);
  const sealer = sealerOf(plainPad, secret, noId);
  const opener = new Opener(plainPad, secret);
  const opens = (b: Uint8Array) => opener.open(0, b.slice(), 0)?.[0];
  const [zero, one] = [0, 1].map((n) => sealer.seal(0, 0, n, 2, Uint8Array.of(n)).slice());
  assert.equal(opens(one!), 1);
  assert.ok(changeKeys(sealer, 0, 0, 1, 1000));
  const two = sealer.seal(0, 0, 2, 2, Uint8Array.of(2)).slice();
  assert.equal(opens(two), undefined);
  opener.epochs = new Epochs(opener.epoch);
  assert.equal(opens(two), 2);
  assert.equal(opens(two), undefined, "it came before");
  assert.equal(opens(zero!), 0, "what was late has the keys of before");
});

test("the key of the epoch before is kept for six seconds", () => {
  const secret = randomOf(3)(32);
  const sealer = sealerOf(plainPad, secret, noId);
  const opener = openerOf(plainPad, secret);
  const packets = [0, 1, 2].map((n) => sealer.seal(0, 0, n, 2, Uint8Array.of(n)).slice());
  assert.ok(changeKeys(sealer, 0, 0, 0, 1000));
  assert.ok(opener.open(0, sealer.seal(0, 0, 3, 2, Uint8Array.of(3)).slice(), 0));
  assert.deepEqual(opener.open(5_999_999, packets[1]!, 0), Uint8Array.of(1));
  assert.equal(opener.open(6_000_000, packets[2]!, 0), undefined);
});

test("of no epoch is what the other parity cannot mean, on each path", () => {
  const secret = randomOf(3)(32);
  const sealer = sealerOf(plainPad, secret, noId);
  const opener = openerOf(plainPad, secret);
  const seal = (path: number, n: number) =>
    sealer.seal(0, path, n, 2, Uint8Array.of(n)).slice();
  const opens = (now: number, b: Uint8Array, path: number) =>
    opener.open(now, b.slice(), path)?.[0];
  const [zero, one, two] = [0, 1, 2].map((n) => seal(0, n)) as [Uint8Array, Uint8Array, Uint8Array];
  const other = [0, 1, 2].map((n) => seal(1, n)) as [Uint8Array, Uint8Array, Uint8Array];
  assert.equal(opens(0, zero, 0), 0);
  assert.equal(opens(0, other[0], 1), 0);
  assert.ok(changeKeys(sealer, 0, 0, 0, 1000));
  const next = [1, 2, 3].map((n) => seal(0, n + 2)) as [Uint8Array, Uint8Array, Uint8Array];
  assert.equal(opens(1000, next[0], 0), 3);
  assert.equal(opens(1000, other[2], 1), 2, "nothing of the new one came on this path");
  assert.equal(opens(1000, one, 0), 1, "below the first of the new one");
  assert.equal(changeKeys(sealer, 6_999_999, 0, 3, 1000), false, "there was a second path");
  assert.ok(changeKeys(sealer, 7_000_000, 0, 3, 1000));
  const third = seal(0, 6);
  assert.equal(opens(8_000_000, third, 0), 6);
  assert.equal(opens(8_000_000, next[2], 0), 5, "of the one before");
  assert.equal(opens(8_000_000, two, 0), undefined, "of the one before that");
  // once the old key is forgotten, only what is above all that came can be of the next epoch
  assert.ok(changeKeys(sealer, 16_000_000, 0, 6, 1000));
  const low = seal(0, 4);
  assert.equal(opens(16_000_000, low, 0), undefined);
  assert.equal(opens(16_000_000, seal(0, 7), 0), 7);
});

test("what is no DATA packet of ours is dropped, and what is cut", async () => {
  for (const [suite, tagBytes] of [
    [1, 16],
    [2, 16],
    [3, 8],
    [3, 32],
  ] as const) {
    const secret = randomOf(3)(32);
    const pad = padOf(Uint8Array.of(0x81, 2, suite, tagBytes));
    await protect(pad);
    const opener = openerOf(pad, secret);
    const b = sealerOf(pad, secret, noId).seal(0, 0, 0, 2, Uint8Array.of(7)).slice();
    assert.equal(b.length, 4 + tagBytes);
    for (let n = 0; n < b.length; n++) assert.equal(opener.open(0, b.slice(0, n), 0), undefined);
    for (const first of [b[0]! & 7, b[0]! | 16, b[0]! | 128]) {
      const other = b.slice();
      other[0] = first;
      assert.equal(opener.open(0, other, 0), undefined);
    }
    assert.deepEqual(opener.open(0, b, 0), Uint8Array.of(7));
  }
});

test("numbers too old to tell are dropped", () => {
  const secret = randomOf(3)(32);
  const sealer = sealerOf(plainPad, secret, noId);
  const opener = openerOf(plainPad, secret);
  const seal = (n: number) => sealer.seal(0, 0, n, 2, Uint8Array.of(1)).slice();
  for (const [n, opens] of [
    [5, true],
    [1028, true],
    [4, false],
    [6, true],
    [6, false],
    [3000, true],
    [1976, false],
    [1977, true],
  ] as const) {
    assert.equal(opener.open(0, seal(n), 0) !== undefined, opens, `${n}`);
  }
});

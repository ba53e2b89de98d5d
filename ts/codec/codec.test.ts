import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldError, Reader, Writer, type Reason } from "./index.js";
import { fromHalf, half } from "./float.js";
import { compareText } from "./text.js";

/** Numbers below n, by a seed. */
function chance(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function fault(f: () => unknown): FieldError {
  try {
    f();
  } catch (e) {
    assert.ok(e instanceof FieldError, String(e));
    return e;
  }
  assert.fail("nothing is wrong with it");
}

test("numbers of any width stand behind one another", () => {
  const below = chance(1);
  const w = new Writer(1);
  const r = new Reader();
  for (let round = 0; round < 200; round++) {
    const all: [number, bigint][] = [];
    w.start();
    for (let i = 0; i < 40; i++) {
      const n = below(65);
      const v = BigInt.asUintN(n, (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)));
      all.push([n, v]);
      if (n <= 53 && below(2) === 0) w.bits(Number(v), n);
      else w.wide(v, n);
    }
    r.start(w.finish());
    for (const [n, v] of all) {
      if (n <= 53 && below(2) === 0) assert.equal(r.bits(n), Number(v));
      else assert.equal(r.wide(n), v);
    }
    r.finish("numbers");
  }
});

test("what cannot be written names the field, the value and the way out", () => {
  const w = new Writer();
  const lone = "\ud800";
  const cases: [() => void, string][] = [
    [() => w.ranged("A.B", 1001, 0, 1000), "codec: A.B (1001): out of range, want 0..1000"],
    [() => w.ranged("A.B", 1.5, 0, 1000), "codec: A.B (1.5): out of range, want 0..1000"],
    [() => w.ranged("A.B", NaN, 0, 1000), "codec: A.B (NaN): out of range, want 0..1000"],
    [() => w.rangedWide("A.B", -1n, 0n, 9n), "codec: A.B (-1): out of range, want 0..9"],
    [() => w.uint8("A.B", 256), "codec: A.B (256): out of range, want 0..255"],
    [() => w.int8("A.B", 128), "codec: A.B (128): out of range, want -128..127"],
    [() => w.varint16("A.B", -1), "codec: A.B (-1): out of range, want 0..65535"],
    [
      () => w.varint64("A.B", 1n << 64n),
      "codec: A.B (18446744073709551616): out of range, want 64 bits",
    ],
    [
      () => w.zigzag64("A.B", 1n << 63n),
      "codec: A.B (9223372036854775808): out of range, want 64 bits",
    ],
    [
      () => w.quantized("A.B", 513, -512, 512, 0.01),
      "codec: A.B (513): out of range, want -512..512",
    ],
    [() => w.quantized("A.B", NaN, 0, 1, 0.01), "codec: A.B (NaN): out of range, want 0..1"],
    [() => w.angle("A.B", Infinity, 8), "codec: A.B (Infinity): out of range, want a finite angle"],
    [() => w.unit("A.B", [0, 0, 0], 8, 32), "codec: A.B (0,0,0): out of range, want a direction"],
    [
      () => w.quat("A.B", [0, 0, 0, 0], 8, 32),
      "codec: A.B (0,0,0,0): out of range, want a rotation",
    ],
    [() => w.oneOf("A.B", 3, [1, 2]), "codec: A.B (3): out of range, want one of 1, 2"],
    [() => w.duration("A.B", -1, 0, 9, 3), "codec: A.B (-1): out of range, want 0..9"],
    [() => w.count("A.B", 13, 12), "codec: A.B (13): too long, want at most 12"],
    [() => w.exactly("A.B", 3, 4), "codec: A.B (3): out of range, want 4 elements"],
    [() => w.string("A.B", "ééé", 5), "codec: A.B (6): too long, want at most 5 bytes"],
    [() => w.bytes("A.B", new Uint8Array(3), 2), "codec: A.B (3): too long, want at most 2 bytes"],
    [
      () => w.addr("A.B", new Uint8Array(5)),
      "codec: A.B (5): out of range, want an address of 0, 4 or 16 bytes",
    ],
    [
      () => w.keys("A.B", new Map([[lone, 1]]), 2),
      `codec: A.B (${lone}): a number is not in its shortest form, want a key without half a pair of UTF-16`,
    ],
  ];
  for (const [write, message] of cases) {
    w.start();
    assert.equal(fault(write).message, message);
  }
});

test("what must not be read says why", () => {
  const r = new Reader();
  const cases: [number[], (r: Reader) => unknown, Reason][] = [
    [[], () => r.count("A.B", 3, 8), "short"],
    [[3], () => r.count("A.B", 3, 8), "short"],
    [[6], () => r.count("A.B", 5, 1), "too long"],
    [[9, 1], () => r.string("A.B", 10), "short"],
    [[6], () => r.varint32("A.B"), "short"],
    [[3, 0, 0, 0, 0], () => r.varint32("A.B"), "form"],
    [[3, 0, 0, 0, 0, 0, 0, 0, 0], () => r.varint64("A.B"), "form"],
    [[7], () => r.ranged("A.B", 0, 5), "range"],
    [[255], () => r.rangedWide("A.B", 0n, 5n), "range"],
    [[3], () => r.oneOf("A.B", [1, 2, 3]), "range"],
    [[255, 255], () => r.unit("A.B", [0, 0, 0], 8, 32), "range"],
    [[255, 255, 255, 255], () => r.quat("A.B", [0, 0, 0, 0], 8, 32), "range"],
    [[3], () => r.addr("A.B"), "zone"],
    [[0], () => r.ascends("A.B", false, 3, 3), "order"],
    [[1, 1], () => r.bits(8), "trailing"],
    [[1], () => r.bits(0), "trailing"],
    [[3], () => r.bits(1), "padding"],
    [[1], () => r.bits(9), "short"],
  ];
  for (const [bytes, read, reason] of cases) {
    r.start(new Uint8Array(bytes));
    const e = fault(() => {
      read(r);
      r.finish("A");
    });
    assert.equal(e.reason, reason, e.message);
  }
});

test("strings are UTF-8; what is not is replaced", () => {
  const w = new Writer();
  const r = new Reader();
  const texts = ["", "plain", "\ufeffmark", "ünï", "☺".repeat(40), "x".repeat(100), "😀", "\u0000"];
  for (const text of [...texts, "half \ud83d"]) {
    for (const behind of [0, 3]) {
      w.start();
      w.bits(0, behind);
      w.string("s", text, 200);
      r.start(w.finish());
      r.bits(behind);
      assert.equal(
        r.string("s", 200, "plain"),
        text.replace("\ud83d", texts.includes(text) ? "\ud83d" : "\ufffd"),
      );
    }
  }
  r.start(new Uint8Array([3, 0x61, 0xff, 0x62]));
  assert.equal(r.string("s", 200), "a\ufffdb");
});

test("what was replaced is cut where it becomes longer than a string may be", () => {
  const w = new Writer();
  const r = new Reader();
  const cases: [number[], number, string][] = [
    [[0xff, 0xff, 0xff], 3, "\ufffd"],
    [[0x61, 0xff, 0xff], 6, "a\ufffd"],
    [[0x61, 0xff, 0xff], 7, "a\ufffd\ufffd"],
    [[0xff], 2, ""],
    [[0xff, 0xc3, 0xa9, 0xc3], 5, "\ufffdé"],
  ];
  for (const [bytes, limit, want] of cases) {
    w.start();
    w.bytes("s", new Uint8Array(bytes), limit);
    r.start(w.finish().slice());
    const text = r.string("s", limit);
    assert.equal(text, want);
    w.start();
    w.string("s", text, limit); // it can be passed on
  }
});

test("keys are in the order of their bytes, and need not be UTF-8", () => {
  const below = chance(2);
  const letters = ["a", "b", "é", "\uffee", "😀", "\u{10ffff}"];
  const text = () => Array.from({ length: below(4) }, () => letters[below(6)]).join("");
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [text(), text()];
    assert.equal(
      Math.sign(compareText(a, b)),
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
      a + " " + b,
    );
  }
  const r = new Reader();
  for (const [second, ordered] of [
    [0xff, true],
    [0xfe, false],
    [0xfd, false],
  ] as const) {
    r.start(new Uint8Array([1, 0xfe, 1, second]));
    r.string("s", 200);
    r.string("s", 200);
    if (ordered) r.ascendsText("s", 0, 16, 200);
    else assert.equal(fault(() => r.ascendsText("s", 0, 16, 200)).reason, "order");
    r.finish("s");
  }
});

test("each half float is read and written as itself", () => {
  for (let h = 0; h < 0x10000; h++) {
    const v = fromHalf(h);
    assert.equal(half(v), Number.isNaN(v) ? 0x7e00 : h);
  }
  const cases = [
    [65519, 0x7bff],
    [65520, 0x7c00],
    [-1e9, 0xfc00],
    [2 ** -25, 0],
    [2 ** -24 * 1.5, 2],
    [1 + 2 ** -11, 0x3c00],
  ];
  for (const [v, h] of cases) assert.equal(half(v!), h);
});

test("a writer takes back what was written behind a bit", () => {
  const below = chance(11);
  const w = new Writer(1);
  const plain = new Writer(1);
  for (let round = 0; round < 300; round++) {
    w.start();
    plain.start();
    for (let n = below(40); n > 0; n--) {
      const { at } = w;
      for (let k = below(4); k > 0; k--) w.bits(below(2 ** 31), 1 + below(32));
      w.bytes("b", new Uint8Array(below(9)).fill(255), 20);
      w.rewind(at);
      assert.equal(w.at, at);
      const bits = 1 + below(31);
      const v = below(2 ** bits);
      w.bits(v, bits);
      plain.bits(v, bits);
    }
    assert.deepEqual([...w.finish()], [...plain.finish()]);
  }
});

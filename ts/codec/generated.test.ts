import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldError, Reader, Writer } from "./index.js";
import { All, Weapon } from "../testdata/sample.js";
import { Chat, Entity, Input, Snapshot } from "../testdata/five.js";

/** A message in which nothing is what its codes are read as. */
function odd(): All {
  return {
    ...All.create(),
    alive: true,
    health: 7,
    heat: 1000,
    debt: -(1n << 60n),
    weapon: Weapon.Bow,
    exact: 0.1,
    x: 0.12345,
    rough: 0.1,
    facing: 20,
    aim: [0.3, 0.4, -7],
    turn: [0.1, 0.2, 0.3, -0.9],
    name: "Zoë",
    blob: new Uint8Array([1, 2, 3]),
    items: [{ kind: 1, count: 2 }],
    deep: [[1, 2], []],
    ammo: new Map([
      [Weapon.Bow, 3],
      [Weapon.Fists, 1],
    ]),
    target: { kind: 5, count: 6 },
    did: { type: "Left", player: 3, why: "tired" },
    cooldown: 1_999_999,
    from: new Uint8Array([127, 0, 0, 1]),
  };
}

test("what rounding hides is not sent in a delta", () => {
  const m = odd();
  const came = All.decode(All.encode(m));
  assert.notEqual(came.x, m.x);
  assert.ok(!All.equal(m, came));
  assert.ok(All.same(m, { ...came, old: m.old }, 3));
  assert.deepEqual([...All.encodeDelta(m, came)], [0, 0, 0, 0]);
  assert.ok(All.equal(All.applyDelta(All.encodeDelta(m, came), came), came));
});

test("a delta leaves the base as it is, and can be applied in place", () => {
  const base = All.decode(All.encode(odd()));
  const next = All.copy(base);
  next.items[0]!.count = 9;
  next.items.push({ kind: 2, count: 3 });
  next.deep = [[1]];
  next.target = null;
  next.ammo.set(Weapon.Sword, 4);
  next.did = { type: "Joined", player: 9 };
  const kept = All.copy(base);
  const delta = All.encodeDelta(next, base);
  assert.ok(delta.length < All.encode(next).length / 3);
  assert.ok(All.equal(All.applyDelta(delta, base), next));
  assert.ok(All.equal(base, kept));
  assert.equal(All.applyDelta(delta, base, base), base);
  assert.ok(All.equal(base, next));
});

test("a copy shares no memory", () => {
  const m = odd();
  const c = All.copy(m);
  assert.ok(All.equal(m, c));
  m.aim[0] = m.turn[0] = m.grid[0] = 9;
  m.blob[0] = m.from[0] = 9;
  m.items[0]!.kind = m.target!.kind = m.deep[0]![0] = 9;
  m.ammo.clear();
  assert.deepEqual(c, odd());
});

test("a message is read into the memory of another", () => {
  const b = All.encode(odd());
  const m = All.decode(b);
  const { aim, blob, items, deep, ammo, target, did } = m;
  const [item, row] = [items[0], deep[0]];
  assert.equal(All.decode(b, m), m);
  for (const [x, y] of [
    [m.aim, aim],
    [m.blob, blob],
    [m.items, items],
    [m.deep, deep],
    [m.ammo, ammo],
    [m.target, target],
    [m.did, did],
    [m.items[0], item],
    [m.deep[0], row],
  ]) {
    assert.equal(x, y);
  }
});

test("a field of a later version is left out towards an older one", () => {
  const [w, r] = [new Writer(), new Reader()];
  for (const [version, isNew, isOld] of [
    [1, false, true],
    [2, true, true],
    [3, true, false],
  ] as const) {
    w.version = r.version = version;
    const came = All.decode(All.encode({ ...odd(), new: true, old: true }, w), All.create(), r);
    assert.deepEqual([came.new, came.old], [isNew, isOld]);
  }
});

test("whatever bytes come, they are read or are a FieldError", () => {
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  const good = All.encode(odd());
  const m = All.create();
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const b =
      i % 2 === 0
        ? Uint8Array.from({ length: random() / 2 }, random)
        : good.slice(0, random() % (good.length + 1));
    if (b.length > 0) b[random() % b.length]! ^= random();
    try {
      if (i % 3 === 0) All.applyDelta(b, m, m);
      else All.decode(b, m);
    } catch (e) {
      assert.ok(e instanceof FieldError, String(e));
      refused++;
    }
  }
  assert.ok(refused > 4000);
});

test("an optional number, and what is null in it", () => {
  const chat = { ...Chat.create(), to: 7, text: "hello" };
  assert.ok(Chat.equal(Chat.decode(Chat.encode(chat)), chat));
  const delta = Chat.encodeDelta({ ...chat, to: null }, chat);
  assert.equal(Chat.applyDelta(delta, chat).to, null);
});

/** How many bytes of memory f takes, each time, once it is compiled; what is enough ends the measuring. */
function memoryOf(enough: number, f: () => void): number {
  for (let i = 0; i < 20000; i++) f();
  let least = Infinity;
  for (let round = 0; round < 300 && least > enough; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 1000; i++) f();
    least = Math.min(least, Math.abs(process.memoryUsage().heapUsed - before) / 1000);
  }
  return least;
}

// The engine may box a few numbers on their way through calls that it does not inline:
// less than 3 bytes a field, and boxing each would be 16.
test("a message costs no memory for its fields, only for what is handed out", () => {
  const [w, r] = [new Writer(), new Reader()];
  const input: Input = {
    tick: 123456,
    buttons: 33,
    moveX: 0.71,
    moveY: -0.71,
    yaw: 2.1,
    pitch: -0.3,
    fire: true,
  };
  const snapshot: Snapshot = { tick: 5, ack: 3, entities: [] };
  for (let i = 0; i < 100; i++) {
    snapshot.entities.push({
      ...Entity.create(),
      id: i,
      x: i,
      health: 100,
      rotation: [0, 0, 0.6, 0.8],
    });
  }
  const inputBytes = Input.encode(input);
  const snapshotBytes = Snapshot.encode(snapshot);
  const jobs: [string, number, () => void][] = [
    ["Input.encode", 300, () => Input.encode(input, w)], // a view
    ["Input.decode", 300, () => Input.decode(inputBytes, input, r)],
    ["Snapshot.encode", 3000, () => Snapshot.encode(snapshot, w)],
    ["Snapshot.decode", 3000, () => Snapshot.decode(snapshotBytes, snapshot, r)],
  ];
  for (const [name, most, job] of jobs) {
    const bytes = memoryOf(most, job);
    assert.ok(bytes <= most, `${name} takes ${bytes} bytes`);
  }
});

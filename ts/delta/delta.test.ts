import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldError } from "../codec/index.js";
import { Entity, Input } from "../testdata/five.js";
import { chance } from "../testdata/link.js";
import { deltasOf } from "./encoded.js";
import { ConfigError, KeyError, Receiver, Sender, type Config, type Key, type Keys } from "./index.js";

/** One that can be sent: a rotation of zeros cannot. */
function anEntity(): Entity {
  return { ...Entity.create(), rotation: [0, 0, 0, 1] };
}

interface Mail {
  at: number;
  receipt: number;
  bytes: Uint8Array | undefined; // undefined: it is the receipt on its way back
  lost: boolean;
}

/** Two ends over a line that loses and reorders, in virtual ticks, and what the values should be. */
class Match {
  from: Sender<number, Entity>;
  to: Receiver<number, Entity>;
  truth = new Map<number, Entity>();
  bytes = 0;
  full = 0; // bytes that all values in full would have taken
  private now = 0;
  private receipts = 0;
  private mail: Mail[] = [];
  private random: () => number;

  constructor(
    readonly seed: number,
    public loss: number,
    private delay: number,
    private jitter: number,
    private room = 1000,
    config: Config<Entity> = { type: Entity, keys: "uint16" },
  ) {
    this.random = chance(seed);
    this.from = new Sender(config);
    this.to = new Receiver(config);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  /** Changes the world a little. */
  change(): void {
    const { truth } = this;
    const keys = [...truth.keys()];
    if (this.below(20) === 0 && truth.size < 60) {
      const key = this.below(80);
      if (!truth.has(key)) truth.set(key, anEntity());
    }
    if (this.below(40) === 0 && keys.length > 1) {
      const key = keys[this.below(keys.length)]!;
      this.from.drop(key);
      truth.delete(key);
    }
    for (let n = Math.floor(truth.size / 3); n > 0; n--) {
      const e = truth.get([...truth.keys()][this.below(truth.size)]!)!;
      e.x = this.below(100);
      if (this.below(4) === 0) e.health = this.below(100);
    }
  }

  tick(): void {
    this.now++;
    for (const m of this.mail.filter((m) => m.at <= this.now)) this.arrived(m);
    this.mail = this.mail.filter((m) => m.at > this.now);
    this.from.begin(this.room);
    const keys = [...this.truth.keys()].sort((a, b) => a - b);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[(i + this.now) % keys.length]!;
      this.full += Entity.encode(this.truth.get(key)!).length;
      if (!this.from.put(key, this.truth.get(key)!)) break;
    }
    const b = this.from.end();
    if (b === undefined) return;
    assert.ok(b.length <= this.room, `${b.length} bytes, there is room for ${this.room}`);
    this.bytes += b.length;
    this.send(b.slice());
  }

  private send(bytes: Uint8Array): void {
    const receipt = ++this.receipts;
    const lost = this.random() < this.loss;
    const way = lost
      ? 4 * (this.delay + this.jitter + 1)
      : this.delay + this.below(this.jitter + 1);
    this.mail.push({ at: this.now + way, receipt, bytes, lost });
    this.from.sent(receipt);
  }

  private arrived(m: Mail): void {
    if (m.lost) this.from.lost(m.receipt);
    else if (m.bytes === undefined) this.from.delivered(m.receipt);
    else {
      this.to.read(m.bytes);
      m.bytes.fill(0); // the library's again
      const at = this.now + this.delay + 1;
      this.mail.push({ at, receipt: m.receipt, bytes: undefined, lost: false });
    }
  }

  /** Plays on without losses until both ends should have the same. */
  settle(): void {
    this.loss = 0;
    for (let i = 0; i < 8 * (this.delay + this.jitter + 2) + 40; i++) this.tick();
    assert.equal(this.to.size, this.truth.size, `seed ${this.seed}`);
    assert.equal(this.from.size, this.truth.size);
    assert.equal([...this.to.all()].length, this.truth.size);
    for (const [key, want] of this.truth) {
      const got = this.to.get(key);
      assert.ok(got !== undefined && Entity.same(got, want), `seed ${this.seed}: key ${key}`);
    }
    const before = this.bytes;
    for (let i = 0; i < 10; i++) this.tick();
    assert.equal(this.bytes, before, `seed ${this.seed}: what stays as it is costs nothing`);
  }
}

test("both ends come to have the same, whatever is lost and overtaken, by seed", () => {
  for (let seed = 0; seed < 60; seed++) {
    const lines: [number, number, number][] = [
      [0, 0, 0],
      [0.02, 3, 2],
      [0.2, 6, 12],
      [0.5, 2, 4],
    ];
    const [loss, delay, jitter] = lines[seed % lines.length]!;
    const m = new Match(seed, loss, delay, jitter, seed % 3 === 0 ? 120 : 1000);
    for (let i = 0; i < 400; i++) {
      m.change();
      m.tick();
    }
    assert.ok(m.bytes < 0.6 * m.full, `seed ${seed}: ${m.bytes} bytes, in full ${m.full}`);
    m.settle();
  }
});

test("what more than 64 newer ones overtook is dropped, and no baseline", () => {
  for (let seed = 0; seed < 10; seed++) {
    const m = new Match(seed, 0.1, 2, 150);
    for (let i = 0; i < 600; i++) {
      m.change();
      m.tick();
    }
    assert.ok(m.to.late > 0, `seed ${seed}`);
    m.settle();
  }
});

test("numbers go on beyond 24 bits", () => {
  const m = new Match(7, 0.1, 2, 3);
  const near = 2 ** 24 - 100;
  (m.from as unknown as { seq: number }).seq = near;
  (m.to as unknown as { newest: number }).newest = near;
  for (let i = 0; i < 300; i++) {
    m.change();
    m.tick();
  }
  m.settle();
});

test("a Sender starts anew when a message was not read", () => {
  const config = { type: Input, keys: "uint16" } as const;
  const from = new Sender<number, Input>(config);
  const to = new Receiver<number, Input>(config);
  const value = Input.create();
  const send = () => {
    value.tick++;
    from.begin(100);
    assert.ok(from.put(1, value));
    const b = from.end()!.slice();
    from.sent(value.tick);
    from.delivered(value.tick);
    return b;
  };
  send(); // nobody reads it
  const second = send();
  assert.throws(
    () => to.read(second),
    (e: unknown) => e instanceof KeyError && e.reason === "baseline" && e.key === 1,
  );
  from.reset();
  to.read(send());
  assert.equal(to.get(1)?.tick, 3);
  assert.equal(to.get(2), undefined);
});

test("what cannot be put leaves the message as it was", () => {
  const from = new Sender<number, Input>({ type: Input, keys: "uint8", maxKeys: 2 });
  from.begin(100);
  assert.ok(from.put(1, Input.create()));
  const reason = (f: () => unknown) => {
    try {
      f();
    } catch (e) {
      assert.ok(e instanceof KeyError);
      return e.reason;
    }
    return assert.fail("it was put");
  };
  assert.equal(
    reason(() => from.put(1, Input.create())),
    "twice",
  );
  assert.equal(
    reason(() => from.put(2, { ...Input.create(), moveX: 5 })),
    "value",
  );
  assert.ok(from.put(2, Input.create()));
  assert.equal(
    reason(() => from.put(3, Input.create())),
    "keys",
  );
  assert.equal(
    reason(() => from.put(256, Input.create())),
    "type",
  );
  const to = new Receiver<number, Input>({ type: Input, keys: "uint8", maxKeys: 1 });
  assert.throws(
    () => to.read(from.end()!),
    (e: unknown) => e instanceof KeyError && e.reason === "keys" && e.key === 2,
  );
  assert.equal(to.size, 1);
  const config = { type: Input, keys: "uint8" } as const;
  for (const [field, make] of [
    ["maxOpen", () => new Sender({ ...config, maxOpen: 0 })],
    ["maxKeys", () => new Sender({ ...config, maxKeys: NaN })],
    ["maxKeys", () => new Receiver({ ...config, maxKeys: -1 })],
  ] as const)
    assert.throws(make, (e: unknown) => e instanceof ConfigError && e.field === field);
});

test("a key that the type does not have is refused", () => {
  const types: [Keys, Key, Key][] = [
    ["int8", 127, 128],
    ["int16", -32768, -32769],
    ["uint8", 255, 256],
    ["uint32", 2 ** 32 - 1, -1],
    ["int32", -(2 ** 31), 2 ** 31],
    ["uint64", 2n ** 64n - 1n, -1n],
    ["int64", -(2n ** 63n), 5],
  ];
  for (const [keys, last, beyond] of types) {
    const from = new Sender<Key, Input>({ type: Input, keys });
    from.begin(100);
    assert.ok(from.put(last, Input.create()));
    assert.throws(() => from.put(beyond, Input.create()), KeyError, keys);
    const to = new Receiver<Key, Input>({ type: Input, keys });
    to.read(from.end()!);
    assert.ok(to.get(last) !== undefined);
  }
  const from = new Sender<number, Input>({ type: Input, keys: "uint16" });
  from.begin(100);
  from.put(256, Input.create());
  const to = new Receiver<number, Input>({ type: Input, keys: "uint8" });
  assert.throws(
    () => to.read(from.end()!),
    (e: unknown) => e instanceof FieldError && e.reason === "range",
  );
});

test("whatever comes is read or refused, and what is kept has a bound, by seed", () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = chance(seed);
    const below = (n: number) => Math.floor(random() * n);
    const from = new Sender<number, Entity>({ type: Entity, keys: "uint16" });
    const to = new Receiver<number, Entity>({ type: Entity, keys: "uint16", maxKeys: 8 });
    const e = anEntity();
    let read = 0;
    for (let n = 1; n <= 400; n++) {
      from.begin(200);
      e.x = below(100);
      from.put(below(12), e);
      const b = from.end()?.slice();
      if (b === undefined) continue;
      from.sent(n);
      if (below(2) === 0) from.delivered(n);
      for (let k = below(3); k > 0; k--) b[below(b.length)] = below(256);
      try {
        to.read(below(5) === 0 ? b.subarray(0, below(b.length)) : b);
        read++;
      } catch (fault) {
        assert.ok(fault instanceof KeyError || fault instanceof FieldError, String(fault));
      }
      assert.ok(to.size <= 8);
    }
    assert.ok(read > 20, `seed ${seed}: read ${read}`);
    for (const v of (
      to as unknown as { keys: Map<number, { before: { n: number } }> }
    ).keys.values()) {
      assert.ok(v.before.n <= 256);
    }
  }
});

test("what carries values says what they are, and what their keys are", () => {
  assert.match(deltasOf(Input.schema, "uint16")[0]!, /^deltas of Input\nkey uint16\nTick uint32\n/);
  assert.deepEqual(deltasOf(["Ping"], "int64"), ["deltas of Ping\nkey int64"]);
});

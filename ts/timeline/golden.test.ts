import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Buffer, Clock, Lead, Ticks } from "./index.js";

interface Vectors {
  Clocks: {
    Name: string;
    Steps: {
      Sample: [number, number, number, number];
      Added: boolean;
      Offset: number;
      Drift: number;
      Delay: number;
    }[];
  }[];
  Ticks: {
    Name: string;
    TicksPerSecond: number;
    Anchor: number;
    At: number;
    Steps: { Now: number; Ahead: number; Tick: number; Over: number; Due: number }[];
  }[];
  Buffer: {
    Name: string;
    Steps: {
      Push: [number] | null;
      Taken: boolean;
      Now: number;
      Shown: [number, number, number, number] | null;
      Starved: boolean;
      HeldBack: number;
    }[];
  }[];
  Lead: { Name: string; Took: number[]; Lead: number[] }[];
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const vectors = JSON.parse(
  readFileSync(join(root, "testdata/vectors/timeline.json"), "utf8"),
) as Vectors;

/** Go's times are whole nanoseconds, these are not. */
function near(got: number, want: number, off: number, what: string): void {
  assert.ok(Math.abs(got - want) <= off, `${what}: ${got}, want ${want}`);
}

test("clocks think what those of the golden vectors do", () => {
  assert.ok(vectors.Clocks.length >= 2);
  for (const { Name, Steps } of vectors.Clocks) {
    const c = new Clock();
    assert.ok(!c.synced);
    Steps.forEach(({ Sample, Added, Offset, Drift, Delay }, i) => {
      const [sent, arrived, answered, received] = Sample;
      const at = `${Name}, step ${i}`;
      assert.equal(c.add({ sent, arrived, answered, received }), Added, at);
      near(c.offset(received), Offset, 0.01, at);
      near(c.drift * 1e6, Drift, 0.01, at);
      near(c.delay, Delay, 0, at);
      near(c.own(c.at(received)), received, 0.01, at);
    });
    assert.ok(c.synced);
    c.reset();
    assert.ok(!c.synced && c.offset(5) === 0);
  }
});

test("ticks run as those of the golden vectors", () => {
  assert.ok(vectors.Ticks.length >= 2);
  for (const { Name, TicksPerSecond, Anchor, At, Steps } of vectors.Ticks) {
    const ticks = new Ticks(undefined, { ticksPerSecond: TicksPerSecond });
    ticks.anchor(Anchor, At);
    Steps.forEach(({ Now, Ahead, Tick, Over, Due }, i) => {
      ticks.advance(Now, Ahead);
      const at = `${Name}, step ${i}`;
      assert.equal(ticks.tick, Tick, at);
      near(ticks.over, Over, 1e-4, at);
      assert.equal(ticks.due(), Due, at);
    });
    assert.ok(ticks.jumps > 0, Name);
  }
});

test("buffers show what those of the golden vectors do", () => {
  assert.ok(vectors.Buffer.length >= 2);
  for (const { Name, Steps } of vectors.Buffer) {
    const b = new Buffer<number>(undefined, { entries: 16 });
    let starved = 0;
    Steps.forEach((s, i) => {
      const at = `${Name}, step ${i}`;
      if (s.Push !== null) assert.equal(b.push(s.Now, s.Push[0], s.Push[0]), s.Taken, at);
      const v = b.show(s.Now);
      assert.equal(v === undefined, s.Shown === null, at);
      if (v !== undefined && s.Shown !== null) {
        near(v.at, s.Shown[0], 0.1, at);
        assert.deepEqual([v.from, v.to, v.starved], [s.Shown[1], s.Shown[2], s.Starved], at);
        near(v.fraction, s.Shown[3], 1e-4, at);
        if (v.starved) starved++;
      }
      near(b.delay, s.HeldBack, 0.1, at);
    });
    assert.equal(b.stats.starved, starved);
  }
});

test("leads are those of the golden vectors", () => {
  assert.ok(vectors.Lead.length >= 2);
  for (const { Name, Took, Lead: want } of vectors.Lead) {
    const ticks = new Ticks();
    const lead = new Lead(ticks);
    for (let i = 1; i < 600; i++) {
      const now = Math.floor((i * 16_666_666) / 1000);
      const tick = ticks.advance(now, lead.ahead);
      lead.sent(tick, now);
      if (i % 3 > 0) continue;
      lead.arrived(tick, now + Took[i / 3 - 1]!);
      near(lead.ahead, want[i / 3 - 1]!, 0.1, `${Name}, input ${i}`);
    }
    assert.equal(lead.told, 199);
  }
});

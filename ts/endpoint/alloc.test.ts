import assert from "node:assert/strict";
import { Session, type HeapProfiler } from "node:inspector/promises";
import { test } from "node:test";
import { chance } from "../testdata/link.js";
import { Delivery, Endpoint, Outgoing, type ChannelConfig } from "./index.js";
import { learn } from "./parts.js";

const channels: ChannelConfig[] = [
  { id: 1, delivery: Delivery.unreliable },
  { id: 2, delivery: Delivery.reliableOrdered },
  { id: 3, delivery: Delivery.unreliableLatest },
];
const bytes = new Uint8Array(40);
const delay = 20_000;
const tick = 16_667;

/** Two endpoints that play at 60 Hz over a line with a delay. */
class Play {
  packets = 0;
  private now = 1_000_000;
  private ends = [1, 2].map((seed) => new Endpoint(this.now, { channels, random: chance(seed) }));
  private out = new Outgoing(2048);
  private flying: { to: Endpoint; at: number; number: number; frames: Uint8Array }[] = [];

  constructor(learnt: boolean) {
    const [a, b] = this.ends as [Endpoint, Endpoint];
    if (learnt) this.ends.forEach(learn);
    a.handleHello(this.now, b.hello(this.now));
    b.handleHello(this.now, a.hello(this.now));
  }

  private flush(from: Endpoint, to: Endpoint): void {
    const { out } = this;
    while (from.nextPacket(this.now, out)) {
      const frames = out.frames.written().slice();
      this.flying.push({ to, at: this.now + delay, number: out.number, frames });
      this.packets++;
    }
  }

  run(ticks: number): void {
    const [a, b] = this.ends as [Endpoint, Endpoint];
    for (; ticks > 0; ticks--) {
      for (const e of this.ends) {
        for (const { id } of channels) e.send(id, bytes);
        if (e.deadline() <= this.now) e.timeout(this.now);
      }
      this.flush(a, b);
      this.flush(b, a);
      while (this.flying[0] && this.flying[0].at <= this.now) {
        const p = this.flying.shift()!;
        p.to.handlePacket(this.now, 0, 0, p.number, p.frames);
      }
      for (const e of this.ends) for (const { id } of channels) while (e.receive(id));
      this.now += tick;
    }
  }
}

/** What functions of ours have allocated, whatever became of it, in bytes, by their names. */
function allocated(node: HeapProfiler.SamplingHeapProfileNode, all: Map<string, number>): void {
  const { url, functionName } = node.callFrame;
  if (/\/(endpoint|wire)\/[a-z_]+\.js$/.test(url)) {
    all.set(functionName, (all.get(functionName) ?? 0) + node.selfSize);
  }
  for (const child of node.children) allocated(child, all);
}

/** How much garbage a packet with three messages is, in bytes, beside what the game gets. */
async function garbage(learnt: boolean): Promise<void> {
  const play = new Play(learnt);
  play.run(3000);
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  const before = play.packets;
  play.run(3000);
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const all = new Map<string, number>();
  allocated(profile.head, all);
  const sum = [...all.values()].reduce((n, bytes) => n + bytes, 0);
  const each = sum / (play.packets - before);
  const worst = [...all].sort((a, b) => b[1] - a[1]).slice(0, 8);
  assert.ok(all.size > 0, "nothing was sampled");
  assert.ok(each < 1200, `${each} bytes a packet: ${JSON.stringify(worst)}`);
}

test("a packet costs next to no garbage as an endpoint is at once", () => garbage(false));
test("a packet costs next to no garbage in one that has learned all", () => garbage(true));

import assert from "node:assert/strict";
import { test } from "node:test";
import { garbageOf, leavesLittle, type Left } from "../testdata/garbage.js";
import { chance } from "../testdata/link.js";
import { isLatest } from "./config.js";
import { Delivery, Endpoint, Outgoing, type ChannelConfig, type SendOptions } from "./index.js";
import { learn } from "./parts.js";

const bytes = new Uint8Array(40);
const most = 9;
const plain: SendOptions[] = Array.from({ length: most }, () => ({}));
const byKey: SendOptions[] = plain.map((_, key) => ({ key }));
const delay = 20_000;
const tick = 16_667;

/** Two endpoints that play at 60 Hz over a line with a delay, with some messages in each packet. */
class Play {
  packets = 0;
  received = 0;
  /** How many of its messages in each tick arrive: without keys, which have to be learned, a Latest one replaces those before. */
  readonly arrive: number;
  private now = 1_000_000;
  private readonly ends: Endpoint[];
  private out = new Outgoing(2048);
  private flying: { to: Endpoint; at: number; number: number; frames: Uint8Array }[] = [];

  constructor(
    private readonly delivery: Delivery,
    readonly messages: number,
    private readonly learnt: boolean,
  ) {
    const channels: ChannelConfig[] = [{ id: 1, delivery }];
    this.arrive = isLatest(delivery) && !learnt ? 1 : messages;
    this.ends = [1, 2].map((seed) => new Endpoint(this.now, { channels, random: chance(seed) }));
    const [a, b] = this.ends as [Endpoint, Endpoint];
    if (learnt) this.ends.forEach((end) => learn(end));
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
        const all = this.learnt && isLatest(this.delivery) ? byKey : plain;
        for (let i = 0; i < this.messages; i++) e.send(1, bytes, all[i]);
        if (e.deadline() <= this.now) e.timeout(this.now);
      }
      this.flush(a, b);
      this.flush(b, a);
      while (this.flying[0] && this.flying[0].at <= this.now) {
        const p = this.flying.shift()!;
        p.to.handlePacket(this.now, 0, 0, p.number, p.frames);
      }
      for (const e of this.ends) while (e.receive(1)) this.received++;
      this.now += tick;
    }
  }
}

/** How much garbage a packet is, in bytes, beside what the game gets; and what of it. */
async function garbage(play: Play): Promise<Left> {
  if (play.packets === 0) play.run(1500); // so that it is compiled
  const before = play.packets;
  play.received = 0;
  const { bytes, by } = await garbageOf(/\/(endpoint|wire)\/[a-z_]+\.js$/, () => play.run(1500));
  const packets = play.packets - before;
  assert.ok(play.received > 0.98 * 3000 * play.arrive, `${play.received} messages came`);
  assert.ok(by.length > 0 && packets >= 3000, `${packets} packets, ${by.length} functions`);
  return [bytes / packets, JSON.stringify(by.slice(0, 8).map(([name, n]) => [name, n / packets]))];
}

for (const learnt of [false, true])
  for (const [name, delivery] of Object.entries(Delivery))
    test(`${name}: a message is no garbage, a packet hardly any, in an endpoint ${learnt ? "that has learned all" : "as it is at once"}`, async () => {
      const plays = [new Play(delivery, 1, learnt), new Play(delivery, most, learnt)] as const;
      await leavesLittle(() => garbage(plays[0]), () => garbage(plays[1]), most);
    });

import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { Duel, settle } from "../testdata/duel.js";
import { garbageOf, leavesLittle, type Left } from "../testdata/garbage.js";
import { Delivery } from "./index.js";

const most = 9;
const ticks = 500;
const ours = /\/dist\/(client|netcode|transport)\/[a-z0-9_]+\.js$/; // no test

/** How much garbage a packet is, in bytes, beside that of its endpoint, and what of it. */
async function garbage(duel: Duel): Promise<Left> {
  if (!duel.ran) await duel.run(ticks); // so that it is compiled
  duel.ran = true;
  duel.packets = duel.received = 0;
  const { bytes, by } = await garbageOf(ours, () => duel.run(ticks));
  const { packets, received, messages } = duel;
  assert.ok(received > 0.98 * 2 * ticks * messages, `${received} messages came`);
  assert.ok(by.length > 0 && packets >= 2 * ticks, `${packets} packets, ${by.length} functions`);
  const worst = by.slice(0, 12).map(([name, n]) => [name, Math.round(n / packets)]);
  return [bytes / packets, JSON.stringify(worst)];
}

for (const [kind, name, all] of [
  ["websocket", "unreliable", false],
  ["websocket", "unreliable", true],
  ["websocket", "reliableOrdered", false],
  ["websocket", "reliableOrdered", true],
  ["webrtc", "unreliable", false],
  ["webtransport", "unreliable", false],
  ["udp", "unreliable", false],
] as const)
  test(`${kind}, ${name}: a message is no garbage and a packet hardly any, in a client ${all ? "that shows stats" : "as it is at once"}`, async () => {
    const begin = (messages: number) => Duel.begin(cables[kind](), Delivery[name], messages);
    const duels = [await begin(1), await begin(most)] as const;
    for (const { conn } of duels) while (all && !conn.stats()) await settle();
    await leavesLittle(() => garbage(duels[0]), () => garbage(duels[1]), most);
  });

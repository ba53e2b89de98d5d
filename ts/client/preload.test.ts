import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { Duel } from "../testdata/duel.js";
import { Delivery, preload } from "./index.js";
import { loaded } from "./loading.js";

const begin = () => Duel.begin(cables.websocket(), Delivery.reliableOrdered, 1);

test("stats, paths, budgets and clock samples are there at the first call once they were preloaded", async () => {
  const before = await begin();
  assert.deepEqual(loaded, {}); // so that what follows is preload's
  await preload("stats");
  assert.deepEqual(Object.keys(loaded).sort(), ["stats", "ways"]);
  for (const duel of [before, await begin()]) {
    const { conn, client } = duel;
    const stats = conn.stats();
    assert.ok(stats && stats.packetsSent > 0 && stats.kind === "websocket", JSON.stringify(stats));
    client.close();
    assert.ok(conn.stats(), "what was counted stays");
  }
  const asks = [
    (d: Duel) => d.conn.paths().length,
    (d: Duel) => d.conn.budget(1000),
    (d: Duel) => d.conn.channelStats(1)!.messagesSent,
  ];
  for (const ask of asks) {
    const duel = await begin();
    assert.ok(ask(duel) > 0, String(ask)); // the first call
    duel.client.close();
  }
  const duel = await begin();
  duel.conn.clockSamples();
  await duel.run(60);
  assert.ok(duel.conn.clockSamples().length > 0);
  duel.client.close();
});

test("who names no part has all of them", async () => {
  await preload();
  assert.deepEqual(Object.keys(loaded).sort(), ["kept", "repair", "stats", "ways"]);
});

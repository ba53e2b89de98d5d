import assert from "node:assert/strict";
import { test } from "node:test";
import { channels } from "../testdata/channels.js";
import { match } from "../testdata/player.js";

test("who sends more than went before is told what the network carries", async () => {
  await match({}, async (_, player, conn) => {
    const state = new Uint8Array(1000);
    const sending = setInterval(() => {
      for (let i = 0; i < 50; i++) channels[0]!.send(conn, state);
    }, 5);
    try {
      const { conn: of, bytesPerSecond } = await player.event("RateChanged");
      assert.equal(of, conn);
      assert.ok(bytesPerSecond > 10_000, `${bytesPerSecond}`);
    } finally {
      clearInterval(sending);
    }
  });
});

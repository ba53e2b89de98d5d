import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, text, words } from "../testdata/channels.js";
import { match, Player } from "../testdata/player.js";
import { GoServer } from "../testdata/server.js";
import { Code } from "./index.js";

for (const [name, settings] of Object.entries({
  "ChaCha20-Poly1305": {},
  "AES-256-GCM": { suite: 2 },
  "signed only, tags of 32 bytes": { suite: 3, tagBytes: 32 },
  "forward secrecy": { forwardSecrecy: true },
  "new keys each 50 packets": { epochPackets: 50 },
})) {
  test(`messages of all deliveries go to a Go server and back: ${name}`, async () => {
    await match(settings, async (server, player, conn) => {
      await server.event("Connected", 7);
      const came = channels.map((): string[] => []);
      const all = (i: number, n: number) => Array.from({ length: n }, (_, k) => `${i}: ${k}`);
      const take = () => {
        channels.forEach((ch, i) => {
          for (const b of ch.receive(conn)) came[i]!.push(words(b));
        });
      };
      const until = (k: number) =>
        player.until(
          () => {
            take();
            return came[2]!.length === k + 1 && came[4]!.length === k + 1 && came[3]!.at(-1) === `3: ${k}`;
          },
          `the echo of ${k}`,
        );
      for (let k = 0; k < 100; k++) {
        channels.forEach((ch, i) => ch.send(conn, text(`${i}: ${k}`)));
        if (k === 50) conn.changeKeys();
        await new Promise((resolve) => setTimeout(resolve, 2));
        take();
      }
      await until(99);
      // of those an end which is busy leaves out some, or another one overtakes them; none when there is nothing else
      const early = [...came[0]!, ...came[1]!];
      for (let k = 100; k < 150; k++) {
        channels.forEach((ch, i) => ch.send(conn, text(`${i}: ${k}`)));
        await until(k);
      }
      assert.deepEqual(came[4], all(4, 150));
      assert.deepEqual(came[2]!.sort(), all(2, 150).sort());
      assert.ok(early.length > 2 && new Set(early).size === early.length, `${early}`);
      for (const i of [0, 1]) {
        const ticks = came[i]!.map((text) => Number(text.slice(3)));
        const late = ticks.filter((k) => k >= 100);
        assert.ok(late.length > 45, `${late.length} came on channel ${i + 1}`); // a silent socket is replaced
        if (i === 1) assert.deepEqual(ticks, [...ticks].sort((a, b) => a - b));
      }
    });
  });
}

test("a message in fragments, a receipt, and a close with a reason", async () => {
  await match({}, async (server, player, conn) => {
    const large = new Uint8Array(60_000).map((_, i) => i * 7);
    const receipt = channels[4]!.send(conn, large, { receipt: true });
    assert.ok(receipt > 0);
    assert.equal((await player.event("Delivered")).receipt, receipt);
    let back: Uint8Array | undefined;
    await player.until(() => (back = conn.next(5)) !== undefined, "the echo");
    assert.deepEqual(back, large);
    conn.close(300, "bye");
    const { reason, undelivered } = await player.event("Disconnected");
    assert.deepEqual([reason.code, reason.text, reason.remote], [300, "bye", false]);
    assert.equal(undelivered, 0);
    const { code, text } = await server.event("Disconnected", 7);
    assert.deepEqual([code, text], [300, "bye"]);
    assert.throws(() => conn.send(5, large), /closed/);
  });
});

test("the server says why it ends a connection", async () => {
  await match({}, async (server, player) => {
    await server.event("Connected", 7);
    server.tell({ close: { code: 4000, text: "the match is over" } });
    const { reason } = await player.event("Disconnected");
    assert.deepEqual(
      [reason.code, reason.text, reason.remote, reason.retry],
      [4000, "the match is over", true, false],
    );
  });
});

test("a server that refuses says why", async () => {
  const server = await GoServer.start({ refuse: { Code: 6, Text: "you were rude" } });
  const player = new Player();
  const other = new Player({ channels: channels.slice(1) });
  try {
    player.client.connect(Uint8Array.from(await server.token(7)).buffer); // as fetch has it
    const { reason } = await player.event("Disconnected");
    assert.deepEqual([reason.code, reason.text], [Code.banned, "you were rude"]);
    other.client.connect(await server.token(8));
    const mismatch = await other.event("Disconnected");
    assert.equal(mismatch.reason.code, Code.mismatch);
    assert.match(mismatch.reason.text, /channel 1/);
  } finally {
    player.client.close();
    other.client.close();
    await server.stop();
  }
});

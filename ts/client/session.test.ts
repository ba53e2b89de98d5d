import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, text, words } from "../testdata/channels.js";
import * as five from "../testdata/five.js";
import { GoServer } from "../testdata/server.js";
import { udp } from "../transport/udp.js";
import { Channel, ConnError, dial } from "./index.js";

test("a bot dials, talks and shuts down", async () => {
  const server = await GoServer.start();
  try {
    const session = await dial({ channels, transport: udp() }, await server.token(7));
    for (let i = 0; i < 50; i++) session.send(5, text(`${i}`));
    const heard: string[] = [];
    for await (const event of session.events()) {
      if (event.kind !== "Message") continue;
      assert.equal(event.channel, 5);
      heard.push(words(event.payload));
      if (heard.length === 50) break;
    }
    assert.deepEqual(
      heard,
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
    session.send(5, text("the last words"));
    await session.shutdown();
    assert.equal((await server.event("Disconnected", 7)).code, 0);
    assert.throws(() => session.send(5, text("more")), /closed/);
  } finally {
    await server.stop();
  }
});

test("what came before the end is there before the end is", async () => {
  const server = await GoServer.start();
  try {
    const session = await dial({ channels, transport: udp() }, await server.token(7));
    await server.event("Connected", 7);
    server.tell({ say: { channel: 5, text: "well played" } });
    server.tell({ drain: true });
    const seen: string[] = [];
    for await (const event of session.events())
      seen.push(event.kind === "Message" ? words(event.payload) : event.kind);
    assert.deepEqual(seen.slice(-2), ["well played", "Disconnected"]);
    session.close();
  } finally {
    await server.stop();
  }
});

test("a shutdown beside a loop over events leaves it what comes, and the end", async () => {
  const server = await GoServer.start();
  try {
    const session = await dial({ channels, transport: udp() }, await server.token(7));
    const seen: string[] = [];
    const loop = (async () => {
      for await (const event of session.events())
        seen.push(event.kind === "Message" ? words(event.payload) : event.kind);
    })();
    for (let i = 0; i < 20; i++) session.send(5, text(`${i}`));
    while (seen.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([session.shutdown(), session.shutdown()]);
    await loop;
    assert.deepEqual(seen.slice(0, 20), Array.from({ length: 20 }, (_, i) => `${i}`));
    assert.equal(seen[seen.length - 1], "Disconnected");
    await session.shutdown(); // again, which does nothing
  } finally {
    await server.stop();
  }
});

test("dial rejects with the reason", async () => {
  const server = await GoServer.start({ refuse: { Code: 6, Text: "you were rude" } });
  try {
    await assert.rejects(
      dial({ channels, transport: udp() }, await server.token(7)),
      (e: unknown) => e instanceof ConnError && e.reason.code === 6 && /rude/.test(e.message),
    );
    await assert.rejects(dial({ channels, transport: udp() }, new Uint8Array(5)), /connect token/);
  } finally {
    await server.stop();
  }
});

test("typed messages go there and back", async () => {
  const server = await GoServer.start();
  const inputs = new Channel(channels[4]!.config, five.Input);
  const all = [...channels.slice(0, 4), inputs];
  try {
    const session = await dial({ channels: all, transport: udp() }, await server.token(7));
    const { conn } = session;
    const sent = Array.from({ length: 20 }, (_, tick) => ({
      ...five.Input.create(),
      tick,
      moveX: 0.25,
      fire: true,
    }));
    for (const input of sent) inputs.send(conn, input);
    const came: five.Input[] = [];
    while (came.length < sent.length) {
      came.push(...inputs.receive(conn));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(came, sent);
    assert.throws(() => inputs.send(conn, { ...sent[0]!, moveX: 2 }), /MoveX/);
    session.close();
  } finally {
    await server.stop();
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, text, words } from "../testdata/channels.js";
import { Player, Skipping } from "../testdata/player.js";
import { GoServer } from "../testdata/server.js";
import { udp } from "../transport/udp.js";
import { Code, dial, web } from "./index.js";

const chat = channels[4]!;

/** Tokens of a server, as a command has them. */
const tokensOf = async (server: GoServer, player: number) =>
  Buffer.from(await server.token(player)).toString("base64");

test("a server hands its player over to another one, and nothing is lost", async () => {
  const [first, second] = [await GoServer.start(), await GoServer.start({ key: 1 })];
  const player = new Player();
  try {
    const old = player.client.connect(await first.token(7));
    old.value = { points: 3 };
    await player.event("Connected");
    await first.event("Connected", 7);
    for (let i = 0; i < 20; i++) chat.send(old, text(`${i}`));
    first.tell({ handOver: await tokensOf(second, 7) });
    const { conn, from } = await player.event("Connected");
    assert.equal(from, old);
    const steps = player.events.flatMap((e) => (e.kind === "Connecting" ? [e] : []));
    assert.ok(steps.some((e) => e.conn === conn));
    for (const step of steps) assert.equal(step.from, step.conn === conn ? old : undefined);
    assert.equal(conn.value, old.value);
    const heard: string[] = [];
    await player.until(() => {
      for (const b of chat.receive(old)) heard.push(words(b));
      return heard.length === 20;
    }, "what was said to the first server");
    const { reason, from: over } = await player.event("Disconnected");
    assert.equal(reason.code, Code.goingAway);
    assert.equal(over, undefined); // it was connected
    assert.equal((await first.event("Disconnected", 7)).code, Code.goingAway);
    chat.send(conn, text("hello"));
    await player.until(() => conn.waits(5), "the echo of the second server");
    await second.event("Connected", 7);
  } finally {
    player.client.close();
    await first.stop();
    await second.stop();
  }
});

test("a Session goes along", async () => {
  const [first, second] = [await GoServer.start(), await GoServer.start({ key: 1 })];
  try {
    const session = await dial({ channels, transport: udp() }, await first.token(7));
    const { conn } = session;
    await first.event("Connected", 7);
    first.tell({ handOver: await tokensOf(second, 7) });
    for await (const event of session.events()) {
      if (event.kind === "Connected") session.send(5, text("here"));
      if (event.kind === "Message") break;
    }
    assert.notEqual(session.conn, conn);
    session.close();
  } finally {
    await first.stop();
    await second.stop();
  }
});

test("who stays put, or whose next server is not there, ends", async () => {
  const [first, second] = [await GoServer.start(), await GoServer.start({ key: 1, timeout: 10 })];
  const clock = new Skipping();
  const [put, led] = [new Player({ stayPut: true }), new Player({ clock })];
  try {
    for (const [i, player] of [put, led].entries()) {
      player.client.connect(await first.token(7 + i));
      await player.event("Connected");
      await first.event("Connected", 7 + i);
    }
    const [here] = led.client.conns();
    const tokens = await tokensOf(second, 7);
    await second.kill();
    first.tell({ handOver: tokens, patience: 5 });
    const { reason } = await put.event("Disconnected");
    assert.equal(reason.code, Code.goingAway);
    const ends = [await led.event("Disconnected")]; // the first server has an end to its patience
    await clock.skip(11); // the attempt has one after the token's timeout
    ends.push(await led.event("Disconnected"));
    assert.deepEqual(
      ends.map((e) => e.reason.code),
      [Code.goingAway, Code.timeout],
    );
    for (const { conn, from } of ends) assert.equal(from, conn === here ? undefined : here);
  } finally {
    put.client.close();
    led.client.close();
    await first.stop();
  }
});

test("a player of the web goes to the host that the tokens of the other server name", async () => {
  const [first, second] = [
    await GoServer.start({ web: true }),
    await GoServer.start({ web: true, key: 1 }),
  ];
  const player = new Player({
    transport: web(([address]) => `ws://127.0.0.1:${address!.port}/tickwire`),
  });
  try {
    const old = player.client.connect(await first.token(7));
    await player.event("Connected");
    await first.event("Connected", 7);
    first.tell({ handOver: await tokensOf(second, 7) });
    const { conn, from } = await player.event("Connected");
    assert.equal(from, old);
    chat.send(conn, text("hello"));
    await player.until(() => conn.waits(5), "the echo of the second server");
    await second.event("Connected", 7);
  } finally {
    player.client.close();
    await first.stop();
    await second.stop();
  }
});

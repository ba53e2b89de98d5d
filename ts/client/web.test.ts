import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, text, words } from "../testdata/channels.js";
import { Player } from "../testdata/player.js";
import { GoServer } from "../testdata/server.js";
import { Client, Code, Delivery, RawChannel, web } from "./index.js";

// Node has a WebSocket from 22 on; before, and for this test, by --experimental-websocket.
const chat = channels[4]!;

// the first one: the rest of the client is not loaded yet
test("who has another channel than the server reads which one, and what is different", async () => {
  const server = await GoServer.start({ web: true });
  const other = channels.map((ch, i) =>
    i === 4 ? new RawChannel({ ...ch.config, delivery: Delivery.unreliable }) : ch,
  );
  const client = new Client({ channels: other, transport: web(`ws://${server.address}/tickwire`) });
  try {
    const news = new Promise<void>((resolve) => {
      client.onNews = () => {
        for (const e of client.events()) if (e.kind === "Disconnected") resolve();
      };
    });
    const conn = client.connect(await server.token(7));
    await news;
    assert.equal(conn.reason!.code, Code.mismatch);
    assert.match(conn.reason!.text, /channel 5: delivery is unreliable here and reliableOrdered at the peer/);
  } finally {
    client.close();
    await server.stop();
  }
});

test("a player comes by a WebSocket, and plays on all channels", async () => {
  const server = await GoServer.start({ web: true });
  const player = new Player({ transport: web(`ws://${server.address}/tickwire`) });
  try {
    const conn = player.client.connect(await server.token(7));
    await player.event("Connected");
    const came = channels.map((): string[] => []);
    const take = () => {
      channels.forEach((ch, i) => {
        for (const b of ch.receive(conn)) came[i]!.push(words(b));
      });
    };
    for (let k = 0; k < 200; k++) {
      channels.forEach((ch, i) => ch.send(conn, text(`${i}: ${k}`)));
      await new Promise((resolve) => setTimeout(resolve, 1));
      take();
    }
    const large = "x".repeat(60_000);
    chat.send(conn, text(large));
    await player.until(() => {
      take();
      return came[2]!.length === 200 && came[4]!.length === 201 && came[3]!.at(-1) === "3: 199";
    }, "the echo");
    assert.equal(came[4]!.at(-1), large);
    conn.close(300, "bye");
    assert.equal((await player.event("Disconnected")).reason.code, 300);
    assert.equal((await server.event("Disconnected", 7)).code, 300);
  } finally {
    player.client.close();
    await server.stop();
  }
});

test("a port where nobody listens says so", async () => {
  const server = await GoServer.start({ web: true });
  const tokens = await server.token(7);
  await server.stop();
  const player = new Player({ transport: web(`ws://${server.address}/tickwire`) });
  player.client.connect(tokens);
  const { reason } = await player.event("Disconnected");
  assert.equal(reason.code, Code.unreachable);
  assert.match(reason.text, /WebSocket to ws:.* could not be opened/);
  player.client.close();
});

test("an address that is none is said to who connects, and so is what a pad asks for that nobody knows", async () => {
  const server = await GoServer.start({ web: true });
  const tokens = await server.token(7);
  await server.stop();
  const lost = new Player({ transport: web("no address") });
  assert.throws(() => lost.client.connect(tokens), /URL/);
  assert.deepEqual([...lost.client.conns()], []);

  tokens.set([...text("TWPD"), 1, 2, 0x85, 0], tokens.length - 64);
  const player = new Player({ transport: web(`ws://${server.address}/tickwire`) });
  player.client.connect(tokens);
  const { reason } = await player.event("Disconnected");
  assert.equal(reason.code, Code.pad, reason.text);
  assert.match(reason.text, /update it/);
  player.client.close();
});

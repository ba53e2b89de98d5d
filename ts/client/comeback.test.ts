import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, text, words } from "../testdata/channels.js";
import { match, MutedTransport, Player, Skipping } from "../testdata/player.js";
import { GoServer } from "../testdata/server.js";
import { Code, type Conn } from "./index.js";

const chat = channels[4]!;
const timeout = 61; // seconds: more than the servers here allow

/** Waits for a ticket, which comes a moment after Connected. */
async function ticketOf(player: Player, conn: Conn): Promise<Uint8Array> {
  await player.until(() => conn.ticket() !== undefined, "a ticket");
  return conn.ticket()!;
}

/** Takes what came on the channel for chat. */
async function heard(player: Player, conn: Conn, n: number): Promise<string[]> {
  const all: string[] = [];
  await player.until(() => {
    for (const b of chat.receive(conn)) all.push(words(b));
    return all.length >= n;
  }, `${n} messages`);
  return all;
}

test("who is cut off for longer than the timeout goes on where he was, without a message lost", async () => {
  const [transport, clock] = [new MutedTransport(), new Skipping()];
  await match(
    { keepSeats: 60, timeout: 3 },
    async (server, player, conn) => {
      await ticketOf(player, conn);
      chat.send(conn, text("before"));
      assert.deepEqual(await heard(player, conn, 1), ["before"]);
      transport.mute(); // for good: he comes back by another way
      for (let i = 0; i < 20; i++) chat.send(conn, text(`${i}`));
      await clock.skip(timeout);
      await player.event("Away");
      assert.ok(conn.away);
      chat.send(conn, text("20"));
      const back = await player.event("Back");
      assert.equal(back.kept, true);
      assert.ok(!conn.away);
      assert.deepEqual(
        await heard(player, conn, 21),
        Array.from({ length: 21 }, (_, i) => `${i}`),
      );

      transport.mute(); // again: the next tickets have come
      await ticketOf(player, conn);
      await server.event("Away", 7); // by its clock, as the player's
      await player.event("Away");
      assert.equal((await player.event("Back")).kept, true);
      assert.equal((await server.event("Back", 7)).kept, true);
    },
    { transport, clock },
  );
});

test("who is heard again before he has come back stays", async () => {
  const [transport, clock] = [new MutedTransport(), new Skipping()];
  await match(
    { keepSeats: 60 },
    async (_, player, conn) => {
      await ticketOf(player, conn);
      transport.mute();
      chat.send(conn, text("meanwhile"));
      await clock.skip(timeout);
      await player.event("Away");
      transport.mute(false);
      assert.equal((await player.event("Back")).kept, true);
      assert.deepEqual(await heard(player, conn, 1), ["meanwhile"]);
    },
    { transport, clock },
  );
});

test("after a restart the server lets in who has a ticket, and all begins anew", async () => {
  const first = await GoServer.start({ keepSeats: 3600, timeout: 3600 }); // which nobody waits for
  const player = new Player();
  let second: GoServer | undefined;
  try {
    const conn = player.client.connect(await first.token(7));
    await player.event("Connected");
    await ticketOf(player, conn);
    await first.kill();
    const receipt = chat.send(conn, text("lost"), { receipt: true });
    second = await GoServer.start({ keepSeats: 60, address: first.address });
    await player.event("Away"); // a GONE says so
    const back = await player.event("Back");
    assert.deepEqual([back.kept, back.undelivered, back.unreliable], [false, 1, 0]);
    const lost = await player.event("Lost");
    assert.deepEqual([lost.receipt, lost.why], [receipt, "connection closed"]);
    assert.equal((await second.event("Connected", 7)).resumed, true);
    chat.send(conn, text("hello again"));
    assert.deepEqual(await heard(player, conn, 1), ["hello again"]);
  } finally {
    player.client.close();
    await second?.stop();
  }
});

test("another process comes back with the ticket of the one before it", async () => {
  const server = await GoServer.start({ keepSeats: 60, forwardSecrecy: true });
  const [before, after, late] = [new Player(), new Player(), new Player()];
  try {
    const conn = before.client.connect(await server.token(7));
    await before.event("Connected");
    const ticket = await ticketOf(before, conn);
    for (const peer of [conn.peer]) peer.drop(); // without a word
    const next = after.client.resume(ticket);
    assert.equal((await after.event("Connected")).resumed, true);
    assert.equal((await server.event("Back", 7)).kept, false);
    chat.send(next, text("here I am"));
    assert.deepEqual(await heard(after, next, 1), ["here I am"]);
    late.client.resume(ticket);
    const { reason } = await late.event("Disconnected");
    assert.equal(reason.code, Code.used);
  } finally {
    for (const player of [before, after, late]) player.client.close();
    await server.stop();
  }
});

test("without tickets the timeout ends a connection, and so does a server that forgot", async () => {
  const [transport, clock] = [new MutedTransport(), new Skipping()];
  await match(
    {},
    async (_, player) => {
      transport.mute();
      await clock.skip(timeout);
      const { reason } = await player.event("Disconnected");
      assert.deepEqual([reason.code, reason.remote], [Code.timeout, false]);
    },
    { transport, clock },
  );
  const first = await GoServer.start();
  const player = new Player();
  try {
    const conn = player.client.connect(await first.token(7));
    await player.event("Connected");
    await first.kill();
    const second = await GoServer.start({ address: first.address });
    chat.send(conn, text("is anybody there?"));
    const { reason } = await player.event("Disconnected");
    assert.equal(reason.code, Code.forgotten);
    await second.stop();
  } finally {
    player.client.close();
  }
});

test("who gives up after a while, and a server that never comes back", async () => {
  const server = await GoServer.start({ keepSeats: 60 });
  const clock = new Skipping();
  const player = new Player({ clock, resumeFor: 1500 });
  try {
    const conn = player.client.connect(await server.token(7));
    await player.event("Connected");
    await ticketOf(player, conn);
    await server.kill();
    await clock.skip(timeout);
    await player.event("Away");
    await clock.skip(1.5);
    const { reason } = await player.event("Disconnected");
    assert.equal(reason.code, Code.timeout);
    assert.equal([...player.client.conns()].length, 0);
  } finally {
    player.client.close();
  }
});

test("a bot whose socket fails goes on by another one, without a message lost", async () => {
  await match({}, async (_, player, conn) => {
    for (let i = 0; i < 100; i++) {
      chat.send(conn, text(`${i}`));
      if (i % 30 === 20) {
        for (const way of conn.peer.line!.ways.values()) {
          const { onEnded } = way;
          way.close();
          onEnded("the network is down");
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(
      await heard(player, conn, 100),
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
    await player.until(() => conn.paths().length > 0, "paths");
    const paths = conn.paths(); // of those that failed there is none; a silence of a busy machine may have left two
    assert.equal(paths.length, conn.peer.line!.ways.size);
    assert.ok(paths.length < 3 && paths.every((p) => p.kind === "udp"), JSON.stringify(paths));
    assert.ok(paths.some((p) => p.state === "active"));
  });
});

test("a bot that nobody answers any more goes on by another socket long before its timeout", async () => {
  await match({ timeout: 3600 }, async (_, player, conn) => {
    for (let i = 0; i < 100; i++) {
      chat.send(conn, text(`${i}`));
      if (i === 40)
        for (const way of conn.peer.line!.ways.values()) {
          way.send = () => true; // into the void
          way.onDatagram = () => {};
        }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(
      await heard(player, conn, 100),
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
    await player.until(() => conn.paths().length > 0, "paths");
    const active = conn.paths().filter((p) => p.state === "active");
    assert.ok(active.some((p) => p.kind === "udp" && p.use === "share"), JSON.stringify(active));
    assert.ok(!player.events.some((e) => e.kind === "Away"));
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { Duel, settle } from "../testdata/duel.js";
import { tokenOf } from "../testdata/handshake.js";
import type { Door, Way } from "../transport/way.js";
import { Client, Code, Delivery, RawChannel, systemClock, type Event } from "./index.js";
import { load } from "./loading.js";

const channels = [new RawChannel({ id: 1, delivery: Delivery.reliableOrdered })];
const day = 86_400;

/** A Shut is a way that never opens. */
class Shut implements Way {
  readonly kind = "udp";
  readonly reliable = true;
  readonly maxDatagram = 1200;
  onDatagram = () => {};
  onReady = () => {};
  onEnded: (reason: string) => void = () => {};
  send = () => false;
  close = () => {};
}

/** A Client with doors, and the ways that it has opened. */
function clientOf(open: (n: number, way: Shut) => void, doors = 1) {
  const ways: Shut[] = [];
  const delays: number[] = [];
  const door: Door = {
    open() {
      const way = new Shut();
      ways.push(way);
      open(ways.length, way);
      return way;
    },
  };
  const client = new Client({
    channels,
    transport: { reliable: true, ways: () => Array.from({ length: doors }, () => door) },
    clock: {
      ...systemClock,
      after(milliseconds, f) {
        delays.push(milliseconds);
        return systemClock.after(milliseconds, f);
      },
    },
  });
  return { client, ways, delays };
}

test("a part of the client is not loaded for what a server says that it has not", () => {
  for (const [hello, offers] of [
    ['{"hello":{"webrtc":false}}', false],
    ['{"hello":{"webtransport" : null, "webrtc" : false}}', false],
    ['{"hello":{}}', false],
    ['{"hello":{"webrtc":true}}', true],
    ['{"hello":{ "webrtc" : true}}', true],
    ['{"hello":{"webrtc":false,"webtransport":{"port":1,"path":"/"}}}', true],
  ] as const) {
    const cable = cables.websocket();
    const way = cable.transport.ways([])[0]!.open();
    cable.says(hello);
    assert.equal(way.offers, offers, hello);
  }
});

test("a token that is good for months, and names no timeout, has nobody wake up for it", async () => {
  for (const timeout of [-1, 60 * day]) {
    const { client, delays } = clientOf(() => {});
    client.follow([{ ...tokenOf(1, timeout), life: 300 * day }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.close();
    assert.deepEqual(delays, [1e9], `timeout ${timeout}`); // 2 ** 31 and more are at once
  }
});

test("a way that cannot be opened is passed over, and the Client goes on", async () => {
  const { client, ways } = clientOf((n) => {
    if (n === 2) throw new Error("no such port");
  }, 3);
  const conn = client.follow([tokenOf(1)]);
  ways[0]!.onEnded("gone");
  assert.equal(ways.length, 3);
  ways[2]!.onEnded("gone, too");
  await settle();
  assert.equal(conn.reason!.text, "gone, too");
  client.close();

  const last = clientOf((n) => {
    if (n === 2) throw new Error("no such port");
  }, 2);
  const lost = last.client.follow([tokenOf(1)]);
  last.ways[0]!.onEnded("gone");
  await settle();
  assert.equal(lost.reason!.code, Code.unreachable);
  assert.equal(lost.reason!.text, "no such port");
  assert.deepEqual([...last.client.conns()], []);
  last.client.close();
});

test("Disconnected is the last event, whatever becomes of the socket behind it", async () => {
  await load("ways"); // which tell of paths
  const cable = cables.websocket();
  const duel = await Duel.begin(cable, Delivery.reliableOrdered, 1);
  const { client, conn } = duel;
  conn.close(300, "bye");
  client.flush();
  cable.ended();
  client.flush();
  await settle();
  const kinds = [...client.events()].map((e: Event) => e.kind);
  assert.deepEqual(kinds, ["Disconnected"]);
});

test("a Client is closed twice, and by who hears of its end, and what it said stays", async () => {
  const cable = cables.websocket();
  const { client, conn } = await Duel.begin(cable, Delivery.reliableOrdered, 1);
  let heard = 0;
  client.onNews = () => {
    heard++;
    client.close();
  };
  client.close();
  client.close();
  assert.ok(heard > 0 && conn.reason);
  assert.equal(cable.closed, 1);
  assert.deepEqual([...client.events()].map((e) => e.kind), ["Disconnected"]);
  assert.throws(() => client.connect(new Uint8Array(2048)), /closed|connect token/);
});

test("a Client whose game throws when it hears of the end is closed all the same", async () => {
  await load("ways"); // so that a goodbye takes a while
  const cable = cables.websocket();
  const { client } = await Duel.begin(cable, Delivery.reliableOrdered, 1);
  client.onNews = () => {
    throw new Error("the game's own");
  };
  assert.throws(() => client.close(), /the game's own/);
  assert.equal(cable.closed, 1);
  assert.deepEqual([...client.conns()], []);
});

test("a Client goes on after a transport that threw", async () => {
  const { client, ways } = clientOf(() => {});
  const conn = client.follow([tokenOf(1)]);
  ways[0]!.send = () => {
    ways[0]!.send = () => true;
    throw new Error("the transport's own");
  };
  ways[0]!.onReady();
  assert.throws(() => client.flush(), /the transport's own/);
  conn.close(300, "bye");
  client.flush();
  assert.deepEqual([...client.events()].map((e) => e.kind), ["Disconnected"]);
  assert.deepEqual([...client.conns()], []);
});

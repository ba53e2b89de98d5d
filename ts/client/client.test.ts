import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { Duel, settle } from "../testdata/duel.js";
import { tokenOf } from "../testdata/handshake.js";
import type { Door, Way } from "../transport/way.js";
import { Client, Code, Delivery, RawChannel, systemClock, type Event } from "./index.js";

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

test("a part of the client is not loaded for what a server says that it has not", async () => {
  const cable = cables.websocket();
  const duel = await Duel.begin(cable, Delivery.reliableOrdered, 1);
  const { loaded } = await import("./loading.js");
  const says = async (hello: string) => {
    cable.says(hello);
    await duel.run(3);
    await settle();
    return "ways" in loaded;
  };
  assert.equal(await says('{"hello":{"webrtc":false}}'), false);
  const other = cables.websocket();
  const next = await Duel.begin(other, Delivery.reliableOrdered, 1);
  other.says('{"hello":{ "webrtc" : true}}');
  while (!("ways" in loaded)) await next.run(1);
  for (const { client } of [duel, next]) client.close();
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
  const cable = cables.websocket();
  const { client } = await Duel.begin(cable, Delivery.reliableOrdered, 1);
  client.onNews = () => {
    throw new Error("the game's own");
  };
  assert.throws(() => client.close(), /the game's own/);
  assert.equal(cable.closed, 1);
  assert.deepEqual([...client.conns()], []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { settle } from "../testdata/duel.js";
import { WebClimber } from "./climber.js";
import type { Way } from "./way.js";
import { WebSocketWay } from "./websocket.js";

const b = Uint8Array.of(8, 1, 2, 3);

/** Listens to a way: what it was told. */
function listen(way: Way): string[] {
  const told: string[] = [];
  way.onReady = () => told.push("ready");
  way.onDatagram = () => told.push("datagram");
  way.onEnded = (reason) => told.push(reason);
  return told;
}

for (const kind of ["websocket", "webrtc", "webtransport", "udp"] as const) {
  const begin = async () => {
    const cable = cables[kind]();
    const way = cable.transport.ways([{ ip: Uint8Array.of(127, 0, 0, 1), port: 1 }])[0]!.open();
    const told = listen(way);
    cable.open();
    await settle();
    return { cable, way, told };
  };

  test(`${kind}: a way tells that it is ready, what comes and that it ends, once each`, async () => {
    const { cable, way, told } = await begin();
    cable.came(b);
    await settle();
    assert.ok(way.send(b));
    assert.deepEqual(cable.sent, [b]);
    cable.ended();
    await settle();
    assert.equal(told.length, 3, String(told));
    assert.deepEqual(told.slice(0, 2), ["ready", "datagram"]);
    assert.equal(way.send(b), false);
    cable.ended();
    way.close();
    await settle();
    assert.equal(told.length, 3, String(told));
  });

  test(`${kind}: a way that was closed tells nothing more, and is closed once`, async () => {
    const { cable, way, told } = await begin();
    way.close();
    way.close();
    cable.came(b);
    cable.ended();
    await settle();
    assert.deepEqual(told, ["ready"]);
    assert.equal(cable.closed, 1);
    assert.equal(way.send(b), false);
  });

  test(`${kind}: a way that is closed before it is open tells nothing`, async () => {
    const cable = cables[kind]();
    const way = cable.transport.ways([{ ip: Uint8Array.of(127, 0, 0, 1), port: 1 }])[0]!.open();
    const told = listen(way);
    way.close();
    cable.open();
    cable.came(b);
    await settle();
    assert.deepEqual(told, []);
    assert.equal(cable.closed, 1);
  });
}

test("a stream of WebTransport that failed ends its way, and is not asked for room again and again", async () => {
  const cable = cables.webtransport();
  const way = cable.transport.ways([])[0]!.open();
  const told = listen(way);
  cable.open();
  await settle();
  cable.desiredSize = null;
  cable.room = Promise.reject(new Error("the stream failed"));
  cable.room.catch(() => {});
  way.onReady = () => {
    told.push("ready");
    if (told.length < 1000) way.send(b);
  };
  assert.equal(way.send(b), false);
  await settle();
  assert.deepEqual(told, ["ready", "the stream failed"]);
});

/** A climber on a WebSocket that stands. */
function climb() {
  const cable = cables.websocket();
  const socket = cable.transport.ways([])[0]!.open() as WebSocketWay;
  cable.open();
  const found: Way[] = [];
  const climber = new WebClimber(socket, (way) => {
    listen(way);
    found.push(way);
  });
  return { cable, climber, found };
}

test("a climber that is stopped closes what it opens, and nothing that it has found", async () => {
  const first = climb();
  first.cable.ended();
  while (first.cable.made < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  first.climber.stop();
  assert.equal(first.cable.closed, 1);

  const second = climb();
  second.cable.ended();
  while (second.cable.made < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  second.cable.open();
  second.climber.stop();
  assert.equal(second.found.length, 1);
  assert.equal(second.cable.closed, 0);
});

test("a climber that is stopped takes no offer", () => {
  for (const stops of [false, true]) {
    const peers = cables.webrtc();
    const { cable, climber } = climb();
    cable.says('{"hello":{"webrtc":true}}');
    if (stops) climber.stop();
    cable.says('{"offer":{"id":1,"sdp":"what the server has"}}');
    climber.stop();
    assert.equal(peers.made, stops ? 0 : 1);
    assert.equal(peers.closed, peers.made);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cables } from "../testdata/cable.js";
import { Duel } from "../testdata/duel.js";
import { Delivery, Session } from "./index.js";

/** The kinds of what a loop over a Session sees, to its end. */
async function loop(session: Session): Promise<string[]> {
  const kinds: string[] = [];
  for await (const { kind } of session.events()) kinds.push(kind);
  return kinds;
}

async function begin(): Promise<Session> {
  const { client, conn } = await Duel.begin(cables.websocket(), Delivery.reliableOrdered, 1);
  return new Session(client, [1], conn);
}

test("a loop behind the end of a Session ends at once", async () => {
  const session = await begin();
  session.close();
  session.close();
  assert.deepEqual(await loop(session), ["Disconnected"]);
  assert.deepEqual(await loop(session), []);
  await session.shutdown();
});

test("of two loops over a Session one sees the end, and both end", async () => {
  const session = await begin();
  const loops = Promise.all([loop(session), loop(session)]);
  await Promise.resolve(); // both wait
  session.close();
  assert.deepEqual((await loops).flat(), ["Disconnected"]);
});

test("who leaves the loop at the end leaves nobody waiting", async () => {
  const session = await begin();
  const other = loop(session);
  const first = (async () => {
    for await (const { kind } of session.events()) if (kind === "Disconnected") break;
  })();
  session.close();
  await Promise.all([first, other]);
});

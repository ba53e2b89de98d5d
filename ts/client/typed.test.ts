import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldError, Reader, Writer } from "../codec/index.js";
import { encoded } from "../delta/index.js";
import { channels } from "../testdata/channels.js";
import * as today from "../testdata/messages/game.js";
import * as yesterday from "../testdata/messages/oldgame.js";
import { match, Player } from "../testdata/player.js";
import { GoServer } from "../testdata/server.js";
import { udp } from "../transport/udp.js";
import { Channel, Client, Code, ConfigError, Delivery, registry, type MessageType } from "./index.js";

const config = (id: number, name: string) => ({ id, name, delivery: Delivery.reliableOrdered });

/** The typed channels of a server of a release, with one of another type perhaps. */
function typed(
  { Move, Line }: { Move: typeof today.Move; Line: typeof today.Line },
  keys: "uint16" | "uint32" = "uint16",
) {
  const moves = new Channel<today.Move>(config(6, "moves"), Move);
  const lines = new Channel<today.Line>(config(7, "lines"), Line);
  const deltas = new Channel(config(8, "deltas"), encoded(Move, keys));
  const kinds = { Move: [1, Move], Line: [300, Line] } as const;
  const said = new Channel(config(9, "said"), registry("Said", kinds));
  return { moves, lines, deltas, said, channels: [...channels, moves, lines, deltas, said] };
}

/** What of today is as it was yesterday. */
const early = { Move: { ...today.Move, schema: today.Move.schema.slice(0, 1) }, Line: today.Line };
const move = { tick: 7, x: 0.5, y: -0.25, fires: true, jumps: true, seen: [3, 1023] };

const plays: [string, number, typeof early, boolean][] = [
  ["new", 2, today, true],
  ["new", 1, early, false],
];
for (const [Release, version, release, jumps] of plays) {
  test(`a game of version ${version} plays with a server of the ${Release} one: typed messages have the version of both`, async () => {
    const { moves, channels } = typed(release);
    await match(
      { Release },
      async (server, player, conn) => {
        assert.equal(conn.schemaVersion, version);
        moves.send(conn, move);
        const line = await server.line((l) => l.read !== undefined || l.failed !== undefined);
        assert.deepEqual(
          [line.failed, line.version, (line.read as { Jumps: boolean }).Jumps],
          [undefined, version, jumps],
        );
        let back: today.Move | undefined;
        await player.until(() => (back = moves.next(conn)) !== undefined, "the echo");
        assert.deepEqual(back, { ...move, jumps });
      },
      { channels },
    );
  });
}

test("a channel carries several types, each behind its number", async () => {
  const { said, channels } = typed(today);
  const line = { from: "Ada", text: "hello" };
  await match(
    { Release: "new" },
    async (_server, player, conn) => {
      said.send(conn, { kind: "Line", value: line });
      said.send(conn, { kind: "Move", value: move });
      const back: unknown[] = [];
      await player.until(() => {
        for (const message of said.receive(conn)) back.push(structuredClone(message));
        return back.length === 2;
      }, "the echo");
      assert.deepEqual(back, [
        { kind: "Line", value: line },
        { kind: "Move", value: move },
      ]);
    },
    { channels },
  );
});

test("a number that a registry does not have is refused, as is a kind", () => {
  const { encode, decode } = registry("Said", { Line: [300, today.Line] });
  const [w, r] = [new Writer(), new Reader()];
  const good = encode({ kind: "Line", value: { from: "Ada", text: "" } }, w).slice();
  assert.deepEqual([...good.subarray(0, 2)], [0xac, 2]);
  assert.deepEqual(decode(good, undefined, r).value, { from: "Ada", text: "" });
  for (const wrong of [[], [0], [0xac], [0xac, 0], [0xac, 0x82, 0], [0x80, 0x80], [0xad, 2]]) {
    assert.throws(() => decode(Uint8Array.from(wrong), undefined, r), FieldError, `${wrong}`);
  }
  assert.throws(() => encode({ kind: "Move" } as never, w), /Said \(Move\): not one of/);
  for (const number of [-1, 0.5, 16384]) {
    assert.throws(() => registry("Said", { Line: [number, today.Line] }), ConfigError);
  }
  assert.throws(() => registry("Said", { A: [1, today.Line], B: [1, today.Line] }), ConfigError);
});

/** Why a server of a release lets a client not in. */
async function refused(
  settings: Record<string, unknown>,
  more: Partial<ConstructorParameters<typeof Client>[0]>,
): Promise<string> {
  const server = await GoServer.start(settings);
  const player = new Player(more);
  try {
    player.client.connect(await server.token(7));
    const { reason } = await player.event("Disconnected");
    assert.equal(reason.code, Code.mismatch);
    return reason.text;
  } finally {
    player.client.close();
    await server.stop();
  }
}

test("who is not let in for what messages look like is told which field of which type it is", async () => {
  // a Line was shorter yesterday, in every version that there is
  assert.equal(
    await refused({ Release: "old" }, { channels: typed(early).channels }),
    "typed messages, version 1: field Text of Line (channel 7) is string<=200 here, and another one at the peer",
  );
  assert.equal(
    await refused({ Release: "new" }, { channels: typed(today, "uint32").channels }),
    "typed messages, version 2: field key of deltas of Move (channel 8) is uint32 here, and another one at the peer",
  );
  assert.equal(
    await refused({ Release: "new", MinSchema: 2 }, { channels: typed(early).channels }),
    "typed messages: no version is common: we have 1, the peer 2: this end needs a newer release",
  );
});

test("the oldest version that is spoken is the game's choice, within those that there are", async () => {
  const { channels } = typed(today);
  const { Line } = yesterday;
  const old = typed({ ...early, Line: Line }).channels;
  assert.equal(
    await refused({ Release: "old" }, { channels, minSchemaVersion: 2 }),
    "typed messages: no version is common: we have 2, the peer 1: the peer needs a newer release",
  );
  await match({ Release: "old" }, async (_s, _p, conn) => assert.equal(conn.schemaVersion, 1), {
    channels: old,
  });
  const transport = udp();
  for (const minSchemaVersion of [3, -1]) {
    assert.throws(() => new Client({ channels, transport, minSchemaVersion }), ConfigError);
  }
});

test("who does not say what messages look like is let in: nothing is compared", async () => {
  const silent = <T>({ encode, decode }: MessageType<T>): MessageType<T> => ({ encode, decode });
  const { channels } = typed(today);
  const moves = new Channel(config(6, "moves"), silent(today.Move));
  const all = [...channels.slice(0, 5), moves, ...channels.slice(6)];
  assert.match(
    await refused({ Release: "new" }, { channels: all }),
    /channel 6 has a type with a form at the peer, and none here$/,
  );
  const quiet = all.map(({ config }) => ({ config }));
  await match({ Release: "new" }, async (_s, _p, conn) => assert.equal(conn.open, true), {
    channels: quiet,
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join as pathJoin } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openerOf, plainPad, protocolId, randomOf, ticketOf } from "../testdata/handshake.js";
import { join } from "./bytes.js";
import { sealX } from "./chacha.js";
import { readStandard } from "./offer.js";
import { readAccept, readReason } from "./packet.js";
import { readItems } from "./protection.js";
import { readRetry } from "./resume.js";
import { storeTicket } from "./store.js";
import { parseTicket } from "./ticket.js";
import { parseTokens, TokenError } from "./token.js";

// from ts/dist/netcode, where this is compiled to
const root = pathJoin(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const file = pathJoin(root, "testdata", "vectors", "netcode-handshake.json");
const { handshakes } = JSON.parse(readFileSync(file, "utf8")) as {
  handshakes: { token: string }[];
};
const tokens = handshakes.map((h) => new Uint8Array(Buffer.from(h.token, "hex")));

const rounds = 3000;

/** Changes some bytes, or the length. */
function damaged(b: Uint8Array, random: (n: number) => Uint8Array): Uint8Array {
  const [how, n] = random(2) as unknown as [number, number];
  const copy = how < 60 ? b.slice(0, Math.floor((b.length * n) / 256)) : b.slice();
  for (let i = 0; i <= n % 4 && copy.length > 0; i++) {
    const [high, low, value] = random(3) as unknown as [number, number, number];
    // mostly in front and behind, where numbers and the pad are
    const at = how % 2 ? low % 64 : how % 3 ? copy.length - 1 - (low % 64) : high * 256 + low;
    if (at >= 0 && at < copy.length) copy[at] = value;
  }
  return copy;
}

test("damaged tokens and tickets are a TokenError, and nothing else", () => {
  const ticket = storeTicket({ ...ticketOf(), addresses: parseTokens(tokens[0]!)[0]!.addresses });
  let refused = 0;
  for (let seed = 0; seed < rounds; seed++) {
    const random = randomOf(seed);
    for (const [read, whole] of [
      [parseTokens, tokens[seed % tokens.length]!],
      [parseTicket, ticket],
    ] as const) {
      try {
        read(damaged(whole, random));
      } catch (e) {
        assert.ok(e instanceof TokenError, `seed ${seed}: ${e}`);
        refused++;
      }
    }
  }
  assert.ok(refused > rounds / 4);
});

test("what is sealed and means nothing is refused, and nothing is thrown", () => {
  const key = randomOf(1)(32);
  const share = randomOf(2)(32);
  let read = 0;
  for (let seed = 0; seed < rounds; seed++) {
    const random = randomOf(seed);
    const length = random(1)[0]!;
    const plain = random(length);
    // what makes a REASON, an ACCEPT or a RETRY more often than chance would
    if (seed % 2) plain.set(share.subarray(0, 8).subarray(0, length));
    if (seed % 3 && length > 40) plain.set([0, 0, 0, 0, 0], 35);
    for (const kind of [2, 3, 5]) {
      const head = Uint8Array.of(7, kind);
      const nonce = random(24);
      const more = kind === 3 ? new Uint8Array(0) : share;
      const b = join(head, nonce, sealX(key, nonce, join(head, more), plain));
      const accept = readAccept(key, b, share, true);
      if (accept) assert.ok(accept.items.length <= 58 && (accept.id[3]! & 7) === 0);
      const reason = readReason(key, b, share.subarray(0, 8));
      if (reason) assert.ok(reason.code < 64 && reason.rows.length % 12 === 0);
      const retry = readRetry(key, b, share);
      if (retry) assert.deepEqual([retry.body!.length, length], [16, 24]);
      if (accept ?? reason ?? retry) read++;
    }
  }
  assert.ok(read > 0, "some were read");
});

test("random datagrams and pads throw nothing but what their callers expect", () => {
  const opener = openerOf(plainPad, randomOf(3)(32));
  for (let seed = 0; seed < rounds; seed++) {
    const random = randomOf(seed);
    const b = random(random(1)[0]! % 90);
    if (b.length > 0 && seed % 2) b[0] = 8 | (b[0]! & 7);
    assert.equal(opener.open(seed * 1000, b, seed % 8), undefined);
    assert.equal(readStandard(randomOf(4)(32), protocolId, b), undefined);
    try {
      const pad = readItems(b.subarray(0, 58));
      assert.ok(pad.tagBytes >= 8 && pad.tagBytes <= 32);
    } catch (e) {
      assert.equal((e as Error).name, "WireError");
    }
  }
});

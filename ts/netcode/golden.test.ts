import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join as pathJoin } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openerOf, sealerOf } from "../testdata/handshake.js";
import { addressText } from "./address.js";
import { join } from "./bytes.js";
import { ChaCha, openX, sealX } from "./chacha.js";
import { Epoch } from "./epoch.js";
import { isGone } from "./gone.js";
import { label, secretsOf, tokenKeys, type HandshakeKeys, type Secrets } from "./keys.js";
import { offer, readStandard } from "./offer.js";
import type { Opener } from "./opener.js";
import * as packet from "./packet.js";
import { padOf, protect, type Pad } from "./pad.js";
import { changeKeys } from "./rekey.js";
import { readRetry, resume, ticketKeys, ticketSecret } from "./resume.js";
import { readTicket, storeTicket } from "./store.js";
import { expand, hmac } from "./sha256.js";
import { parseTicket } from "./ticket.js";
import { parseTokens, TokenError } from "./token.js";

interface Data {
  toServer: boolean;
  epoch: number;
  path: number;
  number: string;
  numberBytes: number;
  frames: string;
  packet: string;
}

interface Made {
  name: string;
  token: string;
  padItems: string;
  clientPrivate: string;
  agreed: string;
  clientShare: string;
  serverShare: string;
  connectionId: string;
  clientId: string;
  challengeSequence: string;
  challengeToken: string;
  clientHello: string;
  serverHello: string;
  keys: Record<string, string>;
  offer: string;
  accept: string;
  reasonToRequest: string;
  reasonToOffer: string;
  refusal: { code: number; retryAfter: number; text: string; rows: string };
  data: Data[];
  gone: string;
}

interface Resumed {
  name: string;
  of: number;
  resumption: string;
  ticket: string;
  content: { lifetime: number; secret: string };
  cookie: string;
  flags: number;
  attempt: string;
  instance: string;
  first: string;
  retry: string;
  resume: string;
  connection: Made;
}

// from ts/dist/netcode, where this is compiled to
const root = pathJoin(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const folder = pathJoin(root, "testdata", "vectors");
const load = <T>(name: string) => JSON.parse(readFileSync(pathJoin(folder, name), "utf8")) as T;

// attempts, instances and sequences do not fit a number
const text = readFileSync(pathJoin(folder, "netcode-handshake.json"), "utf8");
const vectors = JSON.parse(
  text.replace(/"(attempt|instance|challengeSequence|number)": (\d+)/g, '"$1": "$2"'),
) as { protocolId: string; handshakes: Made[]; resumes: Resumed[] };

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (b: Uint8Array) => Buffer.from(b).toString("hex");
const nothing = new Uint8Array(0);
const leastResume = 426; // what is less is filled up with zeros

function little(v: bigint): Uint8Array {
  const b = new DataView(new ArrayBuffer(8));
  b.setBigUint64(0, v, true);
  return new Uint8Array(b.buffer);
}

const protocolId = little(1234605616436508552n);

/** The pads of the handshakes, by their items. */
const pads = new Map<string, Pad>();
for (const { padItems } of vectors.handshakes) {
  const pad = padOf(bytes(padItems));
  await protect(pad);
  pads.set(padItems, pad);
}

/**
 * A client of ours asks for no client id on the wire (SPEC.md, 2), which is nothing but bytes in known places: those of packets, and
 * in what keys are made of. What it makes is compared with them put in, what it reads with them taken out.
 */
class WireId {
  readonly id: Uint8Array;

  constructor(h: Made) {
    this.id = bytes(h.clientId);
  }

  /** What was sealed in a packet of the handshake; at: where the nonce begins. */
  private plain(key: Uint8Array, b: Uint8Array, at: number, data: Uint8Array): Uint8Array {
    const plain = openX(key, b.subarray(at, at + 24), data, b.subarray(at + 24));
    assert.ok(plain, "it opens");
    return plain;
  }

  /** Puts the id into what the client made, in front of whose nonce stands a head. */
  into(key: Uint8Array, made: Uint8Array, head: number): Uint8Array {
    const data = made.subarray(0, head);
    const plain = this.plain(key, made, head, data);
    assert.equal(plain[33], 0, "no id behind the version and the share");
    const zeros = made.length === leastResume ? this.id.length : 0; // fewer behind it
    const rest = plain.subarray(34, plain.length - zeros);
    const more = join(plain.subarray(0, 33), this.id.length, this.id, rest);
    return join(data, made.subarray(head, head + 24), sealX(key, made.subarray(head, head + 24), data, more));
  }

  /** Takes it out of a packet of the server, sealed with more than its head. */
  outOf(key: Uint8Array, b: Uint8Array, more: Uint8Array): Uint8Array {
    const n = 2 + this.id.length;
    assert.equal(hex(b.subarray(2, n)), hex(this.id));
    const plain = this.plain(key, b, n, join(b.subarray(0, n), more));
    const [head, nonce] = [b.subarray(0, 2), b.subarray(n, n + 24)];
    return join(head, nonce, sealX(key, nonce, join(head, more), plain));
  }

  /** The secrets of a connection. */
  secrets(h: Made, keys: HandshakeKeys, pid: Uint8Array): Secrets {
    const pad = pads.get(h.padItems)!;
    const id = bytes(h.connectionId);
    const [client, server, agreed] = [bytes(h.clientShare), bytes(h.serverShare), bytes(h.agreed)];
    if (this.id.length === 0) return secretsOf(keys, client, server, agreed, pid, pad, id);
    const secret = hmac(join(client, server), keys.secret, agreed);
    const x = join(1, pid, pad.suite, pad.tagBytes, id, this.id.length, this.id);
    const of = (what: string) => expand(secret, label(what), x);
    return { toServer: of("c2s"), toClient: of("s2c"), resumption: of("resumption") };
  }
}

/** Checks the keys of a handshake and of its connection, and DATA both ways. */
function checkConnection(h: Made, handshake: ReturnType<typeof tokenKeys>): void {
  const pad = pads.get(h.padItems)!;
  const { keys } = h;
  for (const name of ["secret", "offer", "accept", "reason"] as const)
    assert.equal(hex(handshake[name]), keys[name], `${h.name}: ${name}`);
  const { exchange } = pad;
  const agreed = exchange ? exchange.agree(bytes(h.clientPrivate), bytes(h.serverShare))! : nothing;
  assert.equal(hex(agreed), h.agreed);
  if (exchange) assert.equal(hex(exchange.publicOf(bytes(h.clientPrivate))), h.clientShare);
  const id = bytes(h.connectionId);
  const secrets = new WireId(h).secrets(h, handshake, protocolId);
  assert.equal(hex(secrets.toServer), keys["toServerSecret"]);
  assert.equal(hex(secrets.toClient), keys["toClientSecret"]);

  const sealer = sealerOf(pad, secrets.toServer, id);
  const opener = openerOf(pad, secrets.toClient);
  let now = 0;
  let epoch = 0;
  for (const d of h.data) {
    if (!d.toServer) {
      checkOpened(h, d, opener, new Epoch(pad, secrets.toClient));
      continue;
    }
    now += 10e6;
    if (d.epoch > epoch) assert.ok(changeKeys(sealer, now, d.path, Number(d.number), 1000));
    epoch = d.epoch;
    const sealed = sealer.seal(now, d.path, Number(d.number), d.numberBytes, bytes(d.frames));
    assert.equal(hex(sealed), d.packet, `${h.name}: number ${d.number}`);
  }
}

/**
 * Checks that a packet of the server opens; beyond 2^53, which no Opener comes to, or with an id, which none of ours asked for,
 * by its key and nonce.
 */
function checkOpened({ clientId }: Made, d: Data, opener: Opener, epoch: Epoch): void {
  const b = bytes(d.packet);
  const idBytes = clientId.length / 2;
  if (idBytes > 0) assert.equal(opener.open(0, bytes(d.packet), d.path), undefined, "an id that nobody asked for");
  if (d.epoch === 0 && idBytes === 0) {
    assert.equal(hex(opener.open(0, b, d.path)!), d.frames);
    assert.equal(opener.number, Number(d.number));
    assert.equal(opener.open(0, bytes(d.packet), d.path), undefined, "it came before");
    return;
  }
  for (let i = 0; i < d.epoch; i++) epoch = epoch.next();
  const nonce = epoch.nonce(d.path, 0).slice();
  little(BigInt(d.number)).forEach((v, i) => (nonce[11 - i]! ^= v));
  assert.equal(hex(epoch.aead.open(nonce, b, 1 + idBytes + d.numberBytes)!), d.frames);
}

/** Reads REASON and compares it. */
function checkReason(h: Made, sealed: Uint8Array, key: Uint8Array, echo: Uint8Array) {
  const why = packet.readReason(key, sealed, echo)!;
  const { code, retryAfter, text, rows } = h.refusal;
  assert.deepEqual({ ...why, rows: hex(why.rows) }, { code, retryAfter, text, rows });
  for (let i = 0; i < sealed.length; i++) {
    const forged = sealed.slice();
    forged[i]! ^= 1;
    assert.equal(packet.readReason(key, forged, echo), undefined);
  }
}

function checkAccept(h: Made, key: Uint8Array, continues: boolean): void {
  const share = bytes(h.clientShare);
  const b = new WireId(h).outOf(key, bytes(h.accept), share);
  const accept = packet.readAccept(key, b, share, continues)!;
  assert.equal(hex(accept.id), h.connectionId);
  assert.equal(hex(accept.share), h.serverShare);
  assert.equal(accept.continues, continues);
  assert.equal(hex(accept.items), h.padItems);
  assert.equal(hex(accept.hello), h.serverHello);
  if (h.clientId)
    assert.equal(packet.readAccept(key, bytes(h.accept), share, continues), undefined, "an id that nobody asked for");
  const unasked = packet.readAccept(key, b, share, false);
  assert.equal(unasked === undefined, continues, "flag 2 is malformed unless RESUME asked for it");
  assert.equal(packet.readAccept(key, b, bytes(h.serverShare), false), undefined);
}

test("vectors with a client id on the wire, and without, are there", () => {
  const all = [...vectors.handshakes, ...vectors.resumes.map((v) => v.connection)];
  const withId = all.filter((h) => h.clientId !== "").length;
  assert.ok(withId >= 4 && all.length - withId >= 7, `${withId} of ${all.length}`);
});

for (const h of vectors.handshakes) {
  test(`handshake: ${h.name}`, () => {
    const [token] = parseTokens(bytes(h.token));
    assert.equal(hex(token!.pad.items), h.padItems);
    const keys = tokenKeys(token!.clientToServer, token!.serverToClient, token!.protocolId);
    checkConnection(h, keys);
    checkAccept(h, keys.accept, false);
    const share = bytes(h.clientShare);
    const wire = new WireId(h);
    checkReason(h, bytes(h.reasonToRequest), keys.reason, new Uint8Array(8));
    checkReason(h, wire.outOf(keys.reason, bytes(h.reasonToOffer), nothing), keys.reason, share);
    const challenge = new Uint8Array(308);
    challenge.set(little(BigInt(h.challengeSequence)));
    challenge.set(bytes(h.challengeToken), 8);
    const nonce = bytes(h.offer).slice(10, 34);
    const items = bytes(h.padItems);
    const made = offer(keys.offer, nonce, challenge, share, items, bytes(h.clientHello));
    assert.equal(hex(wire.into(keys.offer, made, 10)), h.offer);
  });
}

for (const v of vectors.resumes) {
  test(`resume: ${v.name}`, () => {
    const c = v.connection;
    const ticket = bytes(v.ticket);
    const { lifetime, nonce } = readTicket(ticket);
    assert.equal(lifetime, v.content.lifetime);
    const secret = ticketSecret(bytes(v.resumption), nonce);
    assert.equal(hex(secret), v.content.secret);
    const keys = ticketKeys(secret, protocolId);
    checkConnection(c, keys);
    checkAccept(c, keys.accept, v.flags === 2);
    const share = bytes(c.clientShare);
    const wire = new WireId(c);
    checkReason(c, wire.outOf(keys.reason, bytes(c.reasonToOffer), nothing), keys.reason, share);
    const retry = readRetry(keys.accept, wire.outOf(keys.accept, bytes(v.retry), share), share)!;
    assert.equal(hex(retry.body!), v.cookie);
    for (const [cookie, sealed] of [
      [nothing, v.first],
      [retry.body!, v.resume],
    ] as const) {
      const at = 4 + ticket.length;
      const made = resume(
        keys.offer,
        bytes(sealed).slice(at, at + 24),
        ticket,
        share,
        cookie,
        BigInt(v.attempt),
        BigInt(v.instance),
        bytes(c.clientHello),
      );
      assert.equal(hex(wire.into(keys.offer, made, at)), sealed);
    }
  });
}

test("the secret of tickets is that of the connection on which they were given", () => {
  assert.ok(vectors.resumes.length > 0);
  for (const v of vectors.resumes) {
    const h = vectors.handshakes[v.of]!;
    const [token] = parseTokens(bytes(h.token));
    const keys = tokenKeys(token!.clientToServer, token!.serverToClient, protocolId);
    assert.equal(hex(new WireId(h).secrets(h, keys, protocolId).resumption), v.resumption);
  }
});

test("GONE is believed for an id of ours and one of the last sixteen tails", () => {
  for (const h of vectors.handshakes) {
    const pad = pads.get(h.padItems)!;
    const first = h.data[0]!;
    const sealer = sealerOf(pad, bytes(h.keys["toServerSecret"]!), bytes(h.connectionId));
    assert.equal(isGone(sealer, bytes(h.gone)), false, "nothing was sent");
    sealer.seal(0, 0, 0, first.numberBytes, bytes(first.frames));
    const gone = bytes(h.gone);
    assert.ok(isGone(sealer, gone));
    gone[4]! |= 5; // path bits aside
    assert.ok(isGone(sealer, gone));
    gone[2]! ^= 1;
    assert.equal(isGone(sealer, gone), false);
    for (let i = 1; i < 16; i++) sealer.seal(0, 0, i, 2, nothing);
    assert.ok(isGone(sealer, bytes(h.gone)));
    sealer.seal(0, 0, 16, 2, nothing);
    assert.equal(isGone(sealer, bytes(h.gone)), false);
  }
});

interface Standard {
  clientToServer: string;
  serverToClient: string;
  tokens: { name: string; timeout: number; addresses: string[]; token: string; request: string }[];
  packets: { name: string; type: number; body: string; packet: string }[];
}

const standard = load<Standard>("netcode-standard.json");

test("tokens of the standard", () => {
  assert.ok(standard.tokens.length > 3);
  for (const t of standard.tokens) {
    const [token] = parseTokens(bytes(t.token));
    assert.equal(hex(token!.request), t.request, t.name);
    assert.deepEqual(token!.addresses.map(addressText), t.addresses);
    assert.equal(token!.timeout, t.timeout);
    assert.equal(hex(token!.clientToServer), standard.clientToServer);
  }
  const over = bytes(standard.tokens[0]!.token);
  over.fill(0, 29, 37); // when it expires
  assert.throws(() => parseTokens(over), /it expires before it was made/);
  const all = standard.tokens.map((t) => Buffer.from(t.token, "hex"));
  const list = Buffer.concat([Buffer.from(`TWTK\x01${String.fromCharCode(all.length)}`), ...all]);
  assert.equal(parseTokens(new Uint8Array(list)).length, all.length);
  const nine = Array<Buffer>(9).fill(all[0]!);
  for (const [count, body] of [
    [0, []],
    [all.length - 1, all],
    [1, [...nine.slice(0, 1), Buffer.alloc(1024)]],
    [9, nine],
  ] as const) {
    const head = Buffer.from(`TWTK\x01${String.fromCharCode(count)}`);
    const list = new Uint8Array(Buffer.concat([head, ...body]));
    assert.throws(() => parseTokens(list), TokenError, `${count} tokens`);
  }
});

test("challenges and denials of the standard", () => {
  const read = (b: Uint8Array) => readStandard(bytes(standard.serverToClient), protocolId, b);
  const seen = new Set<string>();
  for (const p of standard.packets) {
    const s = read(bytes(p.packet));
    const wanted = p.type === 1 || p.type === 2;
    assert.equal(s !== undefined, wanted, p.name);
    if (!s) continue;
    seen.add(p.name);
    assert.equal(s.body ? hex(s.body) : "", p.body);
    assert.equal(s.body === undefined, p.type === 1);
    for (let i = 0; i < p.packet.length / 2; i++) {
      const forged = bytes(p.packet);
      forged[i]! ^= 1;
      assert.equal(read(forged), undefined, `${p.name}: byte ${i}`);
    }
  }
  assert.ok(seen.has("denied") && seen.has("challenge"));
  // the last sequence of all is dropped, whatever it numbers
  for (const last of [254, 255]) {
    const nonce = new Uint8Array(12).fill(255, 4);
    nonce[11] = last;
    const data = join(Buffer.from("NETCODE 1.02\0"), protocolId, 0x81);
    const sealed = join(data, new Uint8Array(16));
    new ChaCha(bytes(standard.serverToClient)).seal(nonce, sealed, data.length, data.length);
    const denied = read(join(0x81, nonce.subarray(4), sealed.subarray(data.length)));
    assert.equal(denied !== undefined, last < 255);
  }
});

test("a ticket in a store is as it was", () => {
  const v = vectors.resumes[1]!;
  const [token] = parseTokens(bytes(standard.tokens[2]!.token));
  const ticket = {
    protocolId,
    until: 1700003600,
    timeout: -1,
    pad: padOf(bytes(v.connection.padItems)),
    addresses: token!.addresses,
    secret: bytes(v.content.secret),
    ticket: bytes(v.ticket),
    attempt: BigInt(v.attempt),
  };
  assert.deepEqual(parseTicket(storeTicket(ticket)), ticket);
  const of = (bytes: number) => storeTicket({ ...ticket, ticket: new Uint8Array(bytes) });
  for (const n of [120, 503]) assert.equal(parseTicket(of(n)).ticket.length, n);
  for (const n of [119, 504]) assert.throws(() => parseTicket(of(n)), TokenError);
});

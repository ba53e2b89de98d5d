import assert from "node:assert/strict";
import { ascii, join, same } from "../netcode/bytes.js";
import { ChaCha, openX, sealX } from "../netcode/chacha.js";
import { Epochs } from "../netcode/epochs.js";
import { Handshake, type HandshakeConfig, type Try } from "../netcode/handshake.js";
import { tokenKeys, type HandshakeKeys } from "../netcode/keys.js";
import { Log } from "../netcode/log.js";
import { Sealer } from "../netcode/sealer.js";
import { Opener } from "../netcode/opener.js";
import { showToken } from "../netcode/offer.js";
import { padOf, type Pad } from "../netcode/pad.js";
import { little, showTicket, ticketKeys } from "../netcode/resume.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Token } from "../netcode/token.js";

/** A source of bytes by seed: mulberry32. */
export function randomOf(seed: number): (n: number) => Uint8Array {
  const byte = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 24;
  };
  return (n) => Uint8Array.from({ length: n }, byte);
}

/** The protocol id of all tokens and tickets here. */
export const protocolId = little(77, 8);
/** A pad that asks for nothing. */
export const plainPad = padOf(new Uint8Array(0));
const unix = 1_700_000_000;
const helloOfServer = ascii("hello of the server");

/** A token as a backend might have made it; only that server and client agree on it counts. */
export function tokenOf(seed: number, timeout = 10, pad: Pad = plainPad): Token {
  const random = randomOf(seed);
  const request = random(1078);
  request[0] = 0;
  return {
    protocolId,
    life: 45,
    timeout,
    addresses: [],
    pad,
    request,
    clientToServer: random(32),
    serverToClient: random(32),
  };
}

/** A FakeServer answers one token or ticket as SPEC.md, 3, has it, as far as a client can see. */
export class FakeServer {
  counter = 0;
  readonly share = randomOf(99)(32);
  readonly id = Uint8Array.of(8, 18, 52, 80);
  readonly random = randomOf(98);
  readonly keys: HandshakeKeys;
  items: Uint8Array;
  /** That of the client, and the challenge that it answered, once it has offered. */
  theirs: Uint8Array | undefined;
  answered = -1;
  cookie: Uint8Array = new Uint8Array(0);
  /** The client's. */
  hello: Uint8Array = new Uint8Array(0);

  constructor(readonly of: Token | Ticket) {
    this.items = of.pad.items;
    this.keys =
      "request" in of
        ? tokenKeys(of.clientToServer, of.serverToClient, protocolId)
        : ticketKeys(of.secret, protocolId);
  }

  /** A packet of the standard. */
  standard(type: number, body: Uint8Array): Uint8Array {
    const p = join((1 << 4) | type, 9, body, new Uint8Array(16));
    const nonce = new Uint8Array(12);
    nonce[4] = 9;
    const data = join(ascii("NETCODE 1.02\0"), protocolId, p[0]!);
    const whole = join(data, body, new Uint8Array(16));
    new ChaCha((this.of as Token).serverToClient).seal(
      nonce,
      whole,
      data.length,
      whole.length - 16,
    );
    p.set(whole.subarray(data.length), 2);
    return p;
  }

  challenge(counter = this.counter++): Uint8Array {
    return this.standard(
      2,
      join(little(counter * 2 ** 24 + 5, 8), new Uint8Array(300).fill(counter)),
    );
  }

  /** Reads OFFER. */
  reads(b: Uint8Array): boolean {
    if (b[0] !== 7 || b[1] !== 1) return false;
    const plain = openX(this.keys.offer, b.subarray(10, 34), b.subarray(0, 10), b.subarray(34))!;
    this.theirs = plain.slice(1, 33);
    this.answered = b[5]!; // the lowest byte of the counter
    this.hello = plain.slice(335 + plain[34]!); // behind the items, and 300 bytes of the challenge
    return true;
  }

  /** Reads RESUME, and keeps its cookie. */
  readsResume(b: Uint8Array): boolean {
    if (b[0] !== 7 || b[1] !== 4) return false;
    const head = 4 + b[2]! + b[3]! * 256;
    const nonce = b.subarray(head, head + 24);
    const plain = openX(this.keys.offer, nonce, b.subarray(0, head), b.subarray(head + 24))!;
    this.theirs = plain.slice(1, 33);
    this.cookie = plain.slice(35, 35 + plain[34]!);
    return true;
  }

  retry(number: number, cookie: Uint8Array): Uint8Array {
    return this.sealed(5, this.keys.accept, join(little(number, 8), cookie), this.theirs!);
  }

  private sealed(
    kind: number,
    key: Uint8Array,
    plain: Uint8Array,
    more: Uint8Array = new Uint8Array(0),
  ) {
    const nonce = this.random(24);
    const head = Uint8Array.of(7, kind);
    return join(head, nonce, sealX(key, nonce, join(head, more), plain));
  }

  accept(flags = 0, hello: Uint8Array = helloOfServer): Uint8Array {
    const { id, share, items } = this;
    const numbers = [little(4, 4), little(64, 4), new Uint8Array(20)] as const;
    const plain = join(id, share, flags, items.length, items, ...numbers, hello);
    return this.sealed(2, this.keys.accept, plain, this.theirs!);
  }

  reason(code: number, echo: Uint8Array, text = "why"): Uint8Array {
    const plain = join(echo, code, little(3, 2), text.length, ascii(text));
    return this.sealed(3, this.keys.reason, plain);
  }
}

/** A Bench is a handshake in virtual time, with the server that it tries. */
export class Bench {
  now = 5_000_000;
  readonly shake: Handshake;
  private readonly tries: Try[];

  constructor(
    tries: (Token | Ticket)[],
    more: Partial<HandshakeConfig<Try>> & { continues?: bigint } = {},
  ) {
    const { continues, ...cfg } = more;
    this.shake = new Handshake(this.now, {
      tries: (this.tries = tries.map((credential) => ({ credential }))),
      reliable: false,
      show: ({ credential: c }) =>
        "request" in c ? showToken(c) : showTicket(c, unix, continues),
      hello: () => ascii("hello of the client"),
      judge: (hello) => {
        assert.ok(same(hello, helloOfServer));
        return undefined;
      },
      random: randomOf(1),
      ...cfg,
    });
  }

  /** The place of the try under way. */
  get at(): number {
    return this.tries.indexOf(this.shake.by);
  }

  /** How far it has come. */
  get state(): "requesting" | "offering" | "connected" | "failed" {
    const { session, refusal, offering } = this.shake;
    return session ? "connected" : refusal ? "failed" : offering ? "offering" : "requesting";
  }

  /** Lets time pass, at each deadline, and returns what was sent when; in milliseconds. */
  pass(ms: number): { at: number; b: Uint8Array; by: number }[] {
    const end = this.now + ms * 1000;
    const sent = [];
    for (;;) {
      for (let b = this.shake.next(); b; b = this.shake.next())
        sent.push({ at: (this.now - 5_000_000) / 1000, b, by: this.at });
      const at = this.shake.deadline();
      assert.ok(at > this.now, "a deadline that is over stands still");
      if (at > end) break;
      this.now = at;
      this.shake.handleTimeout(this.now);
    }
    this.now = end;
    return sent;
  }

  /** Says whether it was of use. */
  receive(b: Uint8Array): boolean {
    return this.shake.receive(this.now, b.slice());
  }
}

/** What opens packets, whatever their epoch. */
export function openerOf(pad: Pad, secret: Uint8Array): Opener {
  const opener = new Opener(pad, secret);
  opener.epochs = new Epochs(opener.epoch);
  return opener;
}

/** What seals them. */
export function sealerOf(pad: Pad, secret: Uint8Array, id: Uint8Array): Sealer {
  const sealer = new Sealer(pad, secret, id);
  sealer.log = new Log();
  return sealer;
}

/** A ticket, likewise. */
export function ticketOf(): Ticket {
  return {
    protocolId,
    until: 1_700_003_600,
    timeout: 10,
    pad: plainPad,
    addresses: [],
    secret: randomOf(5)(32),
    ticket: randomOf(6)(148),
    attempt: 0n,
  };
}

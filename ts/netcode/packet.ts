import { want } from "../wire/error.js";
import { Reader } from "../wire/reader.js";
import { ascii, join, little, takeShort } from "./bytes.js";
import { ChaCha, openX, sealX } from "./chacha.js";
import { maxItems } from "./pad.js";
import { cleanText } from "../wire/text.js";

/** The packets of a handshake (SPEC.md, 3.1 and 3.6), as a client writes and reads them. */
export const Kind = { offer: 1, accept: 2, reason: 3, resume: 4, retry: 5 } as const;

const prefix = 7;
const wireVersion = 1;
const leastResume = 426;
const mostText = 200;
const rowBytes = 12;
const tokenInfo = ascii("NETCODE 1.02\0");
const challengeBytes = 308;

/** Calls read, which throws what the layout breaks: then it is undefined. */
function tried<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Seals what stands behind head, with a random nonce between. */
function sealed(key: Uint8Array, nonce: Uint8Array, head: Uint8Array, plain: Uint8Array) {
  return join(head, nonce, sealX(key, nonce, head, plain));
}

/** Opens what stands behind head in a packet that begins with it; more is what else it was sealed with. */
function opened(key: Uint8Array, head: Uint8Array, b: Uint8Array, more: Uint8Array) {
  for (let i = 0; i < head.length; i++) if (b[i] !== head[i]) return undefined;
  const at = head.length + 24;
  const plain = openX(key, b.subarray(head.length, at), join(head, more), b.subarray(at));
  return plain && new Reader(plain);
}

const nothing = new Uint8Array(0);

/** Which kind of handshake packet a datagram is; 0: none. */
export const kindOf = (b: Uint8Array) => (b[0] === prefix ? b[1]! : 0);

/** Makes OFFER. Challenge is the body of the standard's challenge: its sequence and its token. */
export function offer(
  key: Uint8Array,
  nonce: Uint8Array,
  challenge: Uint8Array,
  share: Uint8Array,
  clientId: Uint8Array,
  items: Uint8Array,
  hello: Uint8Array,
): Uint8Array {
  const head = join(prefix, Kind.offer, challenge.subarray(0, 8));
  const id = [clientId.length, clientId] as const;
  const pad = [items.length, items] as const;
  return sealed(
    key,
    nonce,
    head,
    join(wireVersion, share, ...id, ...pad, challenge.subarray(8), hello),
  );
}

/** Makes RESUME. Attempt and instance have eight bytes. */
export function resume(
  key: Uint8Array,
  nonce: Uint8Array,
  ticket: Uint8Array,
  share: Uint8Array,
  clientId: Uint8Array,
  cookie: Uint8Array,
  attempt: bigint,
  instance: bigint,
  hello: Uint8Array,
): Uint8Array {
  const head = join(prefix, Kind.resume, little(ticket.length, 2), ticket);
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, attempt, true);
  numbers.setBigUint64(8, instance, true);
  const n = hello.length;
  const plain = join(
    wireVersion,
    share,
    clientId.length,
    clientId,
    cookie.length,
    cookie,
    instance === 0n ? 0 : 2,
    new Uint8Array(numbers.buffer),
    n < 128 ? n : join((n & 127) | 128, n >> 7),
    hello,
  );
  const zeros = Math.max(0, leastResume - (head.length + 24 + plain.length + 16));
  return sealed(key, nonce, head, join(plain, new Uint8Array(zeros)));
}

/** An Accept is what the server says in ACCEPT. */
export interface Accept {
  readonly id: Uint8Array;
  readonly share: Uint8Array;
  /** The endpoint goes on. */
  readonly continues: boolean;
  readonly items: Uint8Array;
  readonly index: number;
  readonly maxClients: number;
  /** Where the server sees the client: address 16, port u16, kind u16. */
  readonly source: Uint8Array;
  readonly hello: Uint8Array;
}

/** Reads ACCEPT. */
export function readAccept(
  key: Uint8Array,
  b: Uint8Array,
  clientId: Uint8Array,
  share: Uint8Array,
  mayContinue: boolean,
): Accept | undefined {
  const r = opened(key, join(prefix, Kind.accept, clientId), b, share);
  return tried(() => {
    if (!r) return undefined;
    const id = r.take(4);
    want((id[3]! & 7) === 0, "the path number of an id is zero");
    const theirs = r.take(32);
    const flags = r.u8();
    want(flags === 0 || (flags === 2 && mayContinue), "flags of ACCEPT");
    const items = takeShort(r, maxItems);
    const index = r.u32();
    const maxClients = r.u32();
    const source = r.take(20);
    const hello = r.take(r.left);
    return { id, share: theirs, continues: flags === 2, items, index, maxClients, source, hello };
  });
}

/** A Refusal is why a server does not let us in; with a code of 64 to 255 it is this side's own. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
  /** Seconds; 0: no advice. */
  readonly retryAfter: number;
  /** The server's channel rows, of MISMATCH. */
  readonly rows: Uint8Array;
}

/** A refusal of this side's own, or one without more than a code. */
export const refusal = (code: number, text = ""): Refusal => ({
  code,
  text,
  retryAfter: 0,
  rows: nothing,
});

/** Reads REASON, which has an echo of eight bytes. */
export function readReason(
  key: Uint8Array,
  b: Uint8Array,
  clientId: Uint8Array,
  echo: Uint8Array,
): Refusal | undefined {
  const r = opened(key, join(prefix, Kind.reason, clientId), b, nothing);
  return tried(() => {
    if (!r) return undefined;
    const theirs = r.take(8);
    for (let i = 0; i < 8; i++) want(theirs[i] === echo[i], "the echo of another attempt");
    const code = r.u8();
    const retryAfter = r.u16();
    const text = r.take(r.atMost(mostText));
    want(code < 64 && r.left % rowBytes === 0, "a code below 64, and whole rows");
    return { code, text: cleanText(text), retryAfter, rows: r.take(r.left) };
  });
}

/** Reads RETRY: its number, and the cookie. */
export function readRetry(
  key: Uint8Array,
  b: Uint8Array,
  clientId: Uint8Array,
  share: Uint8Array,
): { number: number; cookie: Uint8Array } | undefined {
  const r = opened(key, join(prefix, Kind.retry, clientId), b, share);
  return tried(() => {
    if (!r) return undefined;
    const number = Number(r.u64());
    const cookie = r.take(16);
    want(r.left === 0, "nothing follows the cookie");
    return { number, cookie };
  });
}

/** A packet of the netcode standard that a client of ours reads: denied, or a challenge. */
export interface Standard {
  readonly denied: boolean;
  /** That of the challenge: the server's count of them. */
  readonly counter: number;
  /** The challenge: sequence and token. */
  readonly body: Uint8Array;
}

/** Reads a packet of the standard (SPEC.md, 3.5). */
export function readStandard(
  key: Uint8Array,
  protocolId: Uint8Array,
  b: Uint8Array,
): Standard | undefined {
  const type = b[0]! & 15;
  const n = b[0]! >> 4;
  const length = type === 1 ? 0 : type === 2 ? challengeBytes : -1;
  if (length < 0 || n < 1 || n > 8 || b.length !== 1 + n + length + 16) return undefined;
  const sequence = b.subarray(1, 1 + n);
  if (n === 8 && sequence.every((v) => v === 255)) return undefined;
  const nonce = new Uint8Array(12);
  nonce.set(sequence, 4);
  const data = join(tokenInfo, protocolId, b[0]!);
  const body = new ChaCha(key).open(nonce, join(data, b.subarray(1 + n)), data.length);
  if (!body) return undefined;
  let counter = 0;
  for (let i = 7; i >= 3; i--) counter = counter * 256 + (body[i] ?? 0);
  return { denied: type === 1, counter, body };
}

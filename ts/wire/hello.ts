import { want } from "./error.js";
import { lengthOf } from "./number.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** The version of the wire that this package speaks. */
export const version = 1;

/** What an end says that it reads, SPEC.md, 6.4. */
export const Capability = { paths: 1, hold: 2, repair: 4, options: 8, epochs: 16 } as const;

/** Bytes of a HELLO body, and windows and versions that it lists. */
export const maxHello = 256;
export const maxWindows = 24;
export const maxSchemas = 8;

/** A version of typed messages, and the digest of their forms in it. */
export interface Schema {
  version: number;
  digest: number;
}

/** What an end takes in a second; 0: as much as comes. */
export interface Limits {
  packets: number;
  bytes: number;
  messages: number;
}

/** The same of one channel. */
export interface ChannelLimits {
  channel: number;
  bytes: number;
  messages: number;
}

/** A Hello is what an endpoint says of itself before any data. */
export interface Hello {
  minVersion: number;
  maxVersion: number;
  digest: bigint;
  instance: bigint;
  /** Bits of {@link Capability}, and others. */
  capabilities: number | bigint;
  /** In units of 64 µs. */
  clock: bigint;
  largestDatagram: number;
  /** In milliseconds. */
  ackHold: number;
  /** In seconds. */
  silence: number;
  defaultWindow: number;
  windows: { channel: number; bytes: number }[];
  limits: Limits;
  channelLimits: ChannelLimits[];
  schemas: Schema[];
}

const item = { limits: 1, channelLimits: 2, schemas: 3 } as const;

/** The body of HELLO. Channels in a row with the same limits share an item. */
export function helloBody(h: Hello): Uint8Array {
  const w = new Writer(new Uint8Array(maxHello));
  w.u8(h.minVersion);
  w.u8(h.maxVersion);
  w.u64(h.digest);
  w.u64(h.instance);
  w.v(h.capabilities);
  w.u64(h.clock);
  w.u16(h.largestDatagram);
  w.u8(h.ackHold);
  w.u16(h.silence);
  w.v(h.defaultWindow);
  w.v(h.windows.length);
  for (const { channel, bytes } of h.windows) {
    w.v(channel);
    w.v(bytes);
  }
  const { packets, bytes, messages } = h.limits;
  if (packets || bytes || messages) appendItem(w, item.limits, [packets, bytes, messages]);
  for (let all = h.channelLimits; all.length > 0; ) {
    const { bytes, messages } = all[0]!;
    const n = all.findIndex((l) => l.bytes !== bytes || l.messages !== messages);
    const same = n < 0 ? all : all.slice(0, n);
    appendItem(w, item.channelLimits, [bytes, messages, ...same.map((l) => l.channel)]);
    all = all.slice(same.length);
  }
  if (h.schemas.length > 0) {
    w.u8(item.schemas);
    w.v(h.schemas.reduce((n, s) => n + lengthOf(s.version) + 4, 0));
    for (const s of h.schemas) {
      w.v(s.version);
      w.u32(s.digest);
    }
  }
  return w.written();
}

function appendItem(w: Writer, kind: number, numbers: number[]): void {
  w.u8(kind);
  w.v(numbers.reduce((n, v) => n + lengthOf(v), 0));
  for (const v of numbers) w.v(v);
}

const below31 = (r: Reader) => r.atMost(0x7fffffff);

/** Reads the body of HELLO. Of one that speaks no version of ours only the versions are read. */
export function readHello(body: Uint8Array): Hello {
  want(body.length <= maxHello);
  const r = new Reader(body);
  const h: Hello = {
    minVersion: r.u8(),
    maxVersion: r.u8(),
    digest: 0n,
    instance: 0n,
    capabilities: 0,
    clock: 0n,
    largestDatagram: 0,
    ackHold: 0,
    silence: 0,
    defaultWindow: 0,
    windows: [],
    limits: { packets: 0, bytes: 0, messages: 0 },
    channelLimits: [],
    schemas: [],
  };
  want(h.minVersion >= 1 && h.minVersion <= h.maxVersion);
  if (h.minVersion > version || h.maxVersion < version) return h;
  h.digest = r.u64();
  h.instance = r.u64();
  h.capabilities = r.exact();
  h.clock = r.u64();
  h.largestDatagram = r.u16();
  want(h.largestDatagram >= 576);
  h.ackHold = r.u8();
  h.silence = r.u16();
  h.defaultWindow = below31(r);
  for (let n = r.atMost(maxWindows); n > 0; n--) {
    h.windows.push({ channel: r.channel(), bytes: below31(r) });
  }
  while (r.left > 0) {
    const kind = r.v();
    readItem(h, kind, new Reader(r.block()));
  }
  return h;
}

function readItem(h: Hello, kind: number, r: Reader): void {
  if (kind === item.limits) {
    h.limits = { packets: below31(r), bytes: below31(r), messages: below31(r) };
  } else if (kind === item.channelLimits) {
    const bytes = below31(r);
    const messages = below31(r);
    do h.channelLimits.push({ channel: r.channel(), bytes, messages });
    while (r.left > 0);
  } else if (kind === item.schemas) {
    h.schemas = readSchemas(r);
  } else {
    return;
  }
  want(r.left === 0);
}

function readSchemas(r: Reader): Schema[] {
  const all: Schema[] = [];
  let last = 16384;
  do {
    const version = r.v();
    want(version > 0 && version < last && all.length < maxSchemas);
    all.push({ version, digest: r.u32() });
    last = version;
  } while (r.left > 0);
  return all;
}

import {
  CHANNEL_LIMITS,
  LIMITS,
  SCHEMAS,
  maxHello,
  maxSchemas,
  maxWindows,
  version,
} from "./constants.js";
import { Code, want, WireError } from "./error.js";
import { lengthOf } from "./number.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

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

/** The body of HELLO of an end that takes as much as comes. */
export function helloBody(h: Omit<Hello, "limits" | "channelLimits">): Uint8Array {
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
  if (h.schemas.length > 0) {
    w.u8(SCHEMAS);
    w.v(h.schemas.reduce((n, s) => n + lengthOf(s.version) + 4, 0));
    for (const s of h.schemas) {
      w.v(s.version);
      w.u32(s.digest);
    }
  }
  return w.written();
}

const below31 = (r: Reader) => r.atMost(0x7fffffff);

/** Reads the body of HELLO. That of one that speaks no version of ours is a WireError with the code for it. */
export function readHello(body: Uint8Array): Hello {
  want(body.length <= maxHello);
  const r = new Reader(body);
  const minVersion = r.u8();
  const maxVersion = r.u8();
  want(minVersion >= 1 && minVersion <= maxVersion);
  if (minVersion > version || maxVersion < version) {
    throw new WireError(`wire versions ${minVersion} to ${maxVersion}, want ${version}`, Code.version);
  }
  const h: Hello = {
    minVersion,
    maxVersion,
    digest: r.u64(),
    instance: r.u64(),
    capabilities: r.exact(),
    clock: r.u64(),
    largestDatagram: r.u16(),
    ackHold: r.u8(),
    silence: r.u16(),
    defaultWindow: below31(r),
    windows: [],
    limits: { packets: 0, bytes: 0, messages: 0 },
    channelLimits: [],
    schemas: [],
  };
  want(h.largestDatagram >= 576);
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
  if (kind === LIMITS) {
    h.limits = { packets: below31(r), bytes: below31(r), messages: below31(r) };
  } else if (kind === CHANNEL_LIMITS) {
    const bytes = below31(r);
    const messages = below31(r);
    do h.channelLimits.push({ channel: r.channel(), bytes, messages });
    while (r.left > 0);
  } else if (kind === SCHEMAS) {
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

/** Whether an end says that it reads something. */
export function reads(h: Hello, capability: number): boolean {
  return (BigInt(h.capabilities) & BigInt(capability)) > 0n;
}

import { maxHello, maxWindows, version } from "./constants.js";
import { Code, want, WireError } from "./error.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** A Hello is what an endpoint says of itself before any data. */
export interface Hello {
  minVersion: number;
  maxVersion: number;
  digest: bigint;
  instance: bigint;
  /** Bits of what it reads; rounded from 2^53 on. */
  capabilities: number;
  /** Those that have a meaning: the lowest seven. */
  reads: number;
  /** In units of 64 µs. */
  clock: bigint;
  largestDatagram: number;
  /** In milliseconds. */
  ackHold: number;
  /** In seconds. */
  silence: number;
  defaultWindow: number;
  windows: { channel: number; bytes: number }[];
  /** What it says besides, by kind. */
  items: (readonly [kind: number, item: Uint8Array])[];
}

/** The body of HELLO. */
export function helloBody(h: Omit<Hello, "reads">): Uint8Array {
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
  for (const [kind, item] of h.items) {
    w.v(kind);
    w.block(item);
  }
  return w.written();
}

/** Reads a number that goes into 31 bits. */
export const below31 = (r: Reader) => r.atMost(0x7fffffff);

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
    reads: r.bytes[r.at]! & 127,
    capabilities: r.v(),
    clock: r.u64(),
    largestDatagram: r.u16(),
    ackHold: r.u8(),
    silence: r.u16(),
    defaultWindow: below31(r),
    windows: [],
    items: [],
  };
  want(h.largestDatagram >= 576);
  for (let n = r.atMost(maxWindows); n > 0; n--) {
    h.windows.push({ channel: r.channel(), bytes: below31(r) });
  }
  while (r.left > 0) h.items.push([r.v(), r.block()]);
  return h;
}

/** Whether an end says that it reads something. */
export function reads(h: Hello, capability: number): boolean {
  return (h.reads & capability) > 0;
}

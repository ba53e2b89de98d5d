import { CHANNEL_LIMITS, LIMITS, SCHEMAS, maxSchemas } from "./constants.js";
import { want } from "./error.js";
import { below31, type Hello } from "./hello.js";
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

/** Items are what a HELLO says behind what each has to say. */
export interface Items {
  limits: Limits;
  channelLimits: ChannelLimits[];
  schemas: Schema[];
}

/** Reads the items of a HELLO. */
export function readItems({ items }: Hello): Items {
  const all: Items = {
    limits: { packets: 0, bytes: 0, messages: 0 },
    channelLimits: [],
    schemas: [],
  };
  for (const [kind, item] of items) {
    const r = new Reader(item);
    if (kind === LIMITS) {
      all.limits = { packets: below31(r), bytes: below31(r), messages: below31(r) };
    } else if (kind === CHANNEL_LIMITS) {
      const bytes = below31(r);
      const messages = below31(r);
      do all.channelLimits.push({ channel: r.channel(), bytes, messages });
      while (r.left > 0);
    } else if (kind === SCHEMAS) {
      all.schemas = readSchemas(r);
    } else {
      continue;
    }
    want(r.left === 0);
  }
  return all;
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

/** The item that lists versions of typed messages. */
export function schemasItem(all: readonly Schema[]): Uint8Array {
  const w = new Writer(new Uint8Array(all.reduce((n, s) => n + lengthOf(s.version) + 4, 0)));
  for (const s of all) {
    w.v(s.version);
    w.u32(s.digest);
  }
  return w.written();
}

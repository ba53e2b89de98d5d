import { CHANNEL_LIMITS, LIMITS } from "./constants.js";
import { want } from "./error.js";
import { below31, type Hello } from "./hello.js";
import { Reader } from "./reader.js";

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

/** Items are what a HELLO says behind what each has to say, but for the schemas: who has some reads those. */
export interface Items {
  limits: Limits;
  channelLimits: ChannelLimits[];
}

/** Reads the items of a HELLO. */
export function readItems({ items }: Hello): Items {
  const all: Items = {
    limits: { packets: 0, bytes: 0, messages: 0 },
    channelLimits: [],
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
    } else {
      continue;
    }
    want(r.left === 0);
  }
  return all;
}

import {
  READS_EPOCHS,
  READS_HOLD,
  READS_OPTIONS,
  READS_PATHS,
  READS_REPAIR,
  channelDigest,
  channelRows,
  clockUnit,
  Code,
  helloBody,
  maxWindows,
  readHello,
  reads,
  version,
  WireError,
  SCHEMAS,
  type Hello,
} from "../wire/first.js";
import { second } from "./constants.js";
import { isReliable, rowsOf, type Config } from "./config.js";

/** Why two ends cannot talk. */
export interface Refusal {
  code: number;
  text: string;
}

/** What both ends must have the same of. */
const digestOf = (cfg: Config) => channelDigest(channelRows(rowsOf(cfg.channels)));

/** What an endpoint says of itself. */
export function introduce(cfg: Config, instance: bigint, now: number): Uint8Array {
  const usual = 64 << 10;
  const others = cfg.channels.filter((c) => isReliable(c.delivery) && c.windowBytes !== usual);
  // of more than there is room for the smallest stands for all; BLOCKED brings the rest
  const tooMany = others.length > maxWindows;
  return helloBody({
    minVersion: version,
    maxVersion: version,
    digest: digestOf(cfg),
    instance,
    capabilities:
      (cfg.maxPaths > 0 ? READS_PATHS : 0) |
      READS_HOLD |
      READS_REPAIR |
      READS_OPTIONS |
      READS_EPOCHS,
    clock: BigInt(Math.floor(now / clockUnit)),
    largestDatagram: Math.min(cfg.maxDatagramBytes, 0xffff),
    ackHold: Math.ceil(cfg.ackHold / 1000),
    silence: Math.floor(cfg.maxHold / second),
    defaultWindow: tooMany ? Math.min(usual, ...others.map((c) => c.windowBytes)) : usual,
    windows: tooMany ? [] : others.map((c) => ({ channel: c.id, bytes: c.windowBytes })),
    items: cfg.schemas ? [[SCHEMAS, cfg.schemas.item]] : [],
  });
}

/** Holds the peer's HELLO against what this end has: what both use, or why they cannot talk. */
export function match(cfg: Config, body: Uint8Array): (Hello & { schema: number }) | Refusal {
  let h: Hello;
  let schema: number | undefined = 0;
  try {
    h = readHello(body);
    if (cfg.schemas) schema = cfg.schemas.common(h);
  } catch (err) {
    if (err instanceof WireError) return { code: err.code, text: err.rule };
    throw err;
  }
  if (!reads(h, READS_OPTIONS)) {
    return { code: Code.version, text: "the peer reads no options of messages" };
  }
  if (h.digest !== digestOf(cfg)) {
    return { code: Code.mismatch, text: "the channels of the two ends differ" };
  }
  if (schema === undefined) {
    return { code: Code.mismatch, text: "the typed messages of the two ends differ" };
  }
  return { ...h, schema };
}

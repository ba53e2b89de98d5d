import type { EndpointConfig, Part } from "../endpoint/config.js";
import { checkFields } from "../wire/config.js";
import { Reader } from "../wire/reader.js";
import type { Transport } from "../transport/way.js";
import type { AnyChannel } from "./channel.js";
import type { Clock } from "./clock.js";
import type { Forms } from "./forms.js";

/**
 * A ClientConfig configures a Client, which looks at each field, and throws a ConfigError for what cannot be. Numbers are whole ones,
 * times milliseconds; 0, or what is not there, is the default.
 */
export interface ClientConfig {
  /** The channels for messages; both ends have the same. */
  channels: readonly AnyChannel[];
  /** What carries datagrams: web(url) in browsers, udp() in Node. */
  transport: Transport;
  /** If it is not 0, tokens and tickets for another one are refused. */
  protocolId?: bigint;
  /**
   * The oldest version of typed messages that is spoken; by default the first of the newest eight. A server
   * that has none of the versions from there on is not played with.
   */
  minSchemaVersion?: number;
  /** How long an ack may wait for a packet to ride on: 20 ms; at most 250 ms; negative: not at all. */
  ackHold?: number;
  /** The longest silence that the server may announce, cut to whole seconds: 60 s, 1 to 65535 s; negative: none. */
  maxHold?: number;
  /** Receipts that are open or were not read: 16384, at most 16777216; negative: none. */
  maxReceipts?: number;
  /** How many paths a Conn may have at a time: 4, at most 8; negative: the one that it began with. */
  maxPaths?: number;
  /**
   * How long a Conn whose server is silent beyond the timeout, or has forgotten it, tries to come back
   * with the ticket that the server gave it. By default as long as the ticket is good; negative: not at all.
   */
  resumeFor?: number;
  /**
   * What becomes of messages that wait, or are on their way, at a comeback: they go on where the server still has them,
   * "keepMessages", which is the default, or both ends begin anew.
   */
  resume?: "keepMessages" | "loseMessages";
  /**
   * Ignores connect tokens by which a server hands this client over to another one; the connection ends
   * then.
   */
  stayPut?: boolean;
  /** Events that were not taken: 4096. Beyond that Delivered, Lost and PathChanged give way, and are counted. */
  maxEvents?: number;
  /** Where time comes from; by default the system's. For tests. */
  clock?: Clock;
  /** Returns bytes that nobody can guess; by default the system's. For tests. */
  random?: (n: number) => Uint8Array;
}

const microseconds = (milliseconds: number | undefined) => Math.floor((milliseconds ?? 0) * 1000);

/** What compares typed messages with the server's, if there are any. */
export const formsOf = (cfg: ClientConfig): Forms | undefined =>
  cfg.channels.find((c) => c.forms)?.forms;

/** What an endpoint is told of it. Throws a ConfigError for what an endpoint does not see. */
export function endpointConfig(
  cfg: ClientConfig,
  random: (n: number) => Uint8Array,
  needs: (part?: Part) => void,
): EndpointConfig {
  const { channels, transport, maxHold = 0 } = cfg;
  const all = channels?.every?.((c) => c?.config);
  checkFields(cfg, {
    channels: all ? "object" : "an array of Channel or RawChannel",
    transport: typeof transport?.ways === "function" ? "object" : "what web() or udp() returns",
    protocolId: "bigint",
    minSchemaVersion: all && formsOf(cfg) ? 16383 : "0: no channel is typed",
    ackHold: -250,
    maxHold: maxHold > 0 && maxHold < 1000 ? "1000 or more" : -65535_000,
    maxReceipts: -(2 ** 24),
    maxPaths: -8,
    resumeFor: -Infinity,
    resume: "keepMessages or loseMessages",
    stayPut: "boolean",
    maxEvents: Infinity,
    clock: "object",
    random: "function",
  });
  return {
    channels: channels.map((c) => c.config),
    schemas: formsOf(cfg)?.schemas(cfg),
    random: () => new Reader(random(4)).u32() / 2 ** 32,
    needs,
    reliable: transport.reliable,
    ackHold: microseconds(cfg.ackHold),
    maxHold: microseconds(maxHold),
    maxReceipts: cfg.maxReceipts ?? 0,
    maxPaths: cfg.maxPaths ?? 0,
  };
}

import type { EndpointConfig } from "../endpoint/config.js";
import { Reader } from "../wire/reader.js";
import type { Transport } from "../transport/way.js";
import type { AnyChannel } from "./channel.js";
import type { Clock } from "./clock.js";
import type { Forms } from "./forms.js";

/** A ClientConfig configures a Client. Times are milliseconds; 0, or what is not there, is the default. */
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
  /** The longest silence that the server may announce: 60 s; negative: none. */
  maxHold?: number;
  /** Receipts that are open or were not read: 16384; negative: none. */
  maxReceipts?: number;
  /** How many paths a Conn may have at a time: 4; negative: the one that it began with. */
  maxPaths?: number;
  /**
   * How long a Conn whose server is silent beyond the timeout, or has forgotten it, tries to come back
   * with the ticket that the server gave it. By default as long as the ticket is good; negative: not at all.
   */
  resumeFor?: number;
  /** Whether what was under way goes on after a comeback, where the server still has it; by default it does. */
  resume?: "keep messages" | "begin anew";
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

/** What an endpoint is told of it. */
export function endpointConfig(
  cfg: ClientConfig,
  random: (n: number) => Uint8Array,
  needs: () => void,
): EndpointConfig {
  return {
    channels: cfg.channels.map((c) => c.config),
    schemas: formsOf(cfg)?.schemas(cfg),
    random: () => new Reader(random(4)).u32() / 2 ** 32,
    needs,
    reliable: cfg.transport.reliable,
    ackHold: microseconds(cfg.ackHold),
    maxHold: microseconds(cfg.maxHold),
    maxReceipts: cfg.maxReceipts ?? 0,
    maxPaths: cfg.maxPaths ?? 0,
  };
}

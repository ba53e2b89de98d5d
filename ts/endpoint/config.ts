import { checkFields } from "../wire/config.js";
import { maxControl, shortHash, type ChannelRow } from "../wire/first.js";
import { messageCharge, never, second } from "./constants.js";
import type { Schemas } from "./schemas.js";

const defaultWindow = 64 << 10;

/** The guarantee that the messages of a channel get: SPEC.md, 6.4. */
export const Delivery = {
  unreliable: 0,
  unreliableLatest: 1,
  reliableUnordered: 2,
  reliableLatest: 3,
  reliableOrdered: 4,
} as const;
export type Delivery = (typeof Delivery)[keyof typeof Delivery];

export const isReliable = (d: Delivery) => d >= Delivery.reliableUnordered;
export const isLatest = (d: Delivery) =>
  d === Delivery.unreliableLatest || d === Delivery.reliableLatest;

/** What happens to a message that finds its queue full. */
export type FullPolicy = "refuse" | "dropOldest" | "dropNewest";

/** What opens the messages of a compressed channel; this end sends them as they are. SPEC.md, 11. */
export interface Compression {
  /** The ID of the dictionary, 1 without one: both ends must have the same. */
  id: number;
  /** Opens a message to at most so many bytes; throws if it cannot be opened. */
  open(message: Uint8Array, most: number): Uint8Array;
}

/** A ChannelConfig describes a channel. Both ends agree on id, delivery, name, maxMessageBytes and compression. */
export interface ChannelConfig {
  /** 1 to 16383; below 128 it is a byte shorter on the wire. */
  id: number;
  delivery: Delivery;
  name?: string;
  /** The largest message, of 256 MiB at most. 64 KiB for the unreliable deliveries, 1 MiB for the reliable ones. */
  maxMessageBytes?: number;
  /**
   * What waits to be sent, each message with 32 bytes more. The largest message, at least 256 KiB, for
   * the unreliable deliveries, twice the largest, at least 4 MiB, for the reliable ones.
   */
  maxQueuedBytes?: number;
  /** By default the reliable deliveries refuse, the others drop the oldest. */
  full?: FullPolicy;
  /** Its class, 0 by default: as long as a channel of a higher number has something that fits, one of a lower sends nothing. */
  priority?: number;
  /** The share of the bytes of its class, up to 65536; 1 by default. */
  weight?: number;
  /** The most that the channel sends in a second, up to 1 GiB; no limit by default, or if it is negative. */
  bytesPerSecond?: number;
  /** How often a message of a reliable delivery is sent at most; as often as it takes by default. */
  maxAttempts?: number;
  /** Whether sums of small messages go out before anybody knows of a loss: of the reliable deliveries, where it is "auto" by default. */
  repair?: "off" | "auto";
  /**
   * What the peer may send before the game has taken it, 1 KiB to 1 GiB; 64 KiB at first for the reliable deliveries.
   * For the others the budget of what was not taken or is not complete: 256 KiB, or room for two messages.
   */
  windowBytes?: number;
  compression?: Compression;
}

/** A Channel is a ChannelConfig with the defaults that an endpoint needs from its beginning on. */
export interface Channel extends ChannelConfig {
  maxMessageBytes: number;
  maxQueuedBytes: number;
  full: FullPolicy;
  windowBytes: number;
  /** The largest message on the wire. */
  largest: number;
}

/**
 * The parts that an endpoint may learn: what several ways take, and ways that lose packets; what keeps it through silence; and what
 * brings lost messages back without a round trip. All build on the first.
 */
export type Part = "ways" | "kept" | "repair";

/** An EndpointConfig configures an Endpoint. Times are microseconds; 0 is the default, negative is off. */
export interface EndpointConfig {
  channels: readonly ChannelConfig[];
  /** The versions of typed messages, if there are any. */
  schemas?: Schemas | undefined;
  /** Numbers from 0 to below 1, as Math.random. */
  random: () => number;
  /** The number by which the endpoint tells its lives apart: a random one, unless another one's HELLO announced it. */
  instance?: bigint;
  /** Is called, as often as that is so, when the endpoint waits for a part that it has not learned yet: ways, if it names none. */
  needs?: (part?: Part) => void;
  /** Whether path 0 repairs losses itself and keeps the order, as a WebSocket does. */
  reliable?: boolean;
  /** Ends the connection when nothing was heard for so long. 10 s; negative: never. */
  timeout?: number;
  /** How long an ack may wait for a packet to ride on: 20 ms; at most 250 ms. */
  ackHold?: number;
  /** The longest silence that the peer may announce: 60 s. */
  maxHold?: number;
  /** The largest datagram that is sent and read: 1200 bytes. */
  maxDatagramBytes?: number;
  /** Receipts that are open or were not read: 16384. */
  maxReceipts?: number;
  /** How many paths there may be: 4; negative: one that stays where it is. */
  maxPaths?: number;
}

/** A Config is an EndpointConfig with its defaults. */
export type Config = Required<Omit<EndpointConfig, "channels" | "instance" | "schemas">> &
  Pick<EndpointConfig, "schemas"> & { channels: readonly Channel[] };

function channel(c: ChannelConfig): Channel {
  const reliable = isReliable(c.delivery);
  const maxMessageBytes = c.maxMessageBytes || (reliable ? 1 << 20 : 64 << 10);
  const largest = maxMessageBytes + (c.compression ? 1 : 0);
  const queued = reliable
    ? Math.max(4 << 20, 2 * maxMessageBytes)
    : Math.max(256 << 10, largest + messageCharge);
  return {
    ...c,
    maxMessageBytes,
    largest,
    maxQueuedBytes: c.maxQueuedBytes || queued,
    full: c.full ?? (reliable ? "refuse" : "dropOldest"),
    windowBytes:
      c.windowBytes ||
      (reliable ? defaultWindow : Math.max(256 << 10, 2 * (largest + messageCharge))),
  };
}

/** Looks at a channel, the i-th of all. */
function checkChannel(c: ChannelConfig, i: number, all: readonly ChannelConfig[]): void {
  const { id, delivery, largest, maxQueuedBytes, windowBytes } = channel(c);
  const loose = !isReliable(delivery);
  const room = (bytes: number, least = largest + messageCharge) =>
    bytes < least ? `${least} or more` : 2 ** 30;
  checkFields<ChannelConfig>(
    c,
    {
      id: !id || all.findIndex((c) => c.id === id) < i ? "another one, from 1 on" : 16383,
      delivery: 4,
      name: "string",
      maxMessageBytes: 2 ** 28,
      maxQueuedBytes: room(maxQueuedBytes),
      full: "refuse or dropOldest or dropNewest",
      priority: -127,
      weight: 2 ** 16,
      bytesPerSecond: -(2 ** 30),
      maxAttempts: loose ? "a reliable delivery" : Infinity,
      repair: "off or auto",
      windowBytes: room(windowBytes, loose ? undefined : 1024),
      compression: "object",
    },
    `channels[${i}].`,
  );
}

/** Fills defaults in, and puts the library's own channel in front. What cannot be is a ConfigError. */
export function resolve(c: EndpointConfig): Config {
  c.channels.forEach(checkChannel);
  const channels = c.channels.map(channel).sort((a, b) => a.id - b.id);
  const own = { id: 0, delivery: Delivery.reliableOrdered, maxMessageBytes: maxControl };
  return {
    reliable: false,
    needs() {},
    ...c,
    channels: [channel(own), ...channels],
    timeout: orDefault(c.timeout, 10 * second, never),
    ackHold: Math.min(orDefault(c.ackHold, 20_000, 0), 250_000),
    maxHold: Math.min(orDefault(c.maxHold, 60 * second, 0), 65535 * second),
    maxDatagramBytes: orDefault(c.maxDatagramBytes, 1200, 1200),
    maxReceipts: orDefault(c.maxReceipts, 16384, 0),
    maxPaths: orDefault(c.maxPaths, 4, 0),
  };
}

function orDefault(v: number | undefined, usual: number, off: number): number {
  return !v ? usual : v < 0 ? off : v;
}

/** What both ends must agree on about the application's channels. */
export function rowsOf(channels: readonly Channel[]): ChannelRow[] {
  return channels
    .filter((c) => c.id > 0)
    .map((c) => ({
      channel: c.id,
      delivery: c.delivery,
      largestMessage: c.maxMessageBytes,
      name: shortHash(c.name ?? ""),
      compression: c.compression?.id ?? 0,
    }));
}

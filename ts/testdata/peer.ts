import { readSync, writeSync } from "node:fs";
import {
  Endpoint,
  Outgoing,
  SendError,
  type ChannelConfig,
  type Event,
  type PathUse,
} from "../endpoint/index.js";
import { type FullEndpoint } from "../endpoint/endpoint_full.js";
import { learn } from "../endpoint/parts.js";
import { chance } from "./link.js";

// One endpoint, driven over standard input and output in virtual time: a line of JSON asks, a line answers. So a
// program in another language can have its own endpoint speak with it.

interface Send {
  channel: number;
  bytes: string;
  receipt: boolean;
  ttl: number; // microseconds
  key: string;
  group: number;
  droppable: boolean;
}

interface Datagram {
  path: number;
  route: number;
  number: number;
  frames: string;
}

interface Ask {
  now: number;
  /** Begins anew. */
  begin?: { seed: number; channels: ChannelConfig[]; reliable: boolean };
  /** The peer's HELLO, in hex. */
  hello?: string;
  packets?: Datagram[];
  /** Opens a path over another route, for what it says. */
  open?: { route: number; use: PathUse };
  /** A route is gone. */
  died?: number;
  sends?: Send[];
  take?: boolean;
  close?: number;
  /** Likewise, when all is through. */
  drain?: number;
  /** Announces silence, in microseconds. */
  hold?: number;
}

interface Answer {
  hello?: string;
  refused?: unknown;
  /** Of each send: its receipt, -1 if the queue was full. */
  receipts: number[];
  packets: Datagram[];
  messages: { channel: number; bytes: string }[];
  events: Event[];
  deadline: number;
  drained: boolean;
  done: boolean;
}

const farewell = "the peer of another language";
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hexOf = (b: Uint8Array) => Buffer.from(b.buffer, b.byteOffset, b.length).toString("hex");

let endpoint: FullEndpoint;
let channels: ChannelConfig[] = [];
const out = new Outgoing(2048);

function send(s: Send): number {
  try {
    return endpoint.send(s.channel, bytesOf(s.bytes), {
      receipt: s.receipt,
      ttl: s.ttl / 1000,
      group: s.group,
      droppable: s.droppable,
      ...(s.key === "" ? {} : { key: BigInt(s.key) }),
    });
  } catch (err) {
    if (err instanceof SendError && err.reason === "full") return -1;
    throw err;
  }
}

function flush(now: number, a: Answer): void {
  while (endpoint.nextPacket(now, out)) {
    const { path, route, number } = out;
    a.packets.push({ path, route, number, frames: hexOf(out.frames.written()) });
  }
}

function answer(ask: Ask): Answer {
  const { now, begin } = ask;
  if (begin) {
    ({ channels } = begin);
    const { reliable } = begin;
    const made = new Endpoint(now, { channels, reliable, random: chance(begin.seed) });
    endpoint = begin.seed % 4 > 0 ? learn(made) : learn(made, "kept"); // some repair nothing
  }
  const a: Answer = {
    receipts: [],
    packets: [],
    messages: [],
    events: [],
    deadline: 0,
    drained: false,
    done: false,
  };
  if (begin) a.hello = hexOf(endpoint.hello(now));
  if (ask.hello) a.refused = endpoint.handleHello(now, bytesOf(ask.hello));
  for (const { path, route, number, frames } of ask.packets ?? []) {
    endpoint.handlePacket(now, path, route, number, bytesOf(frames));
  }
  if (ask.open) endpoint.paths.open(now, ask.open.route, false, ask.open.use);
  if (ask.died !== undefined) endpoint.paths.died(now, ask.died);
  if (endpoint.deadline() <= now) endpoint.timeout(now);
  a.receipts = (ask.sends ?? []).map(send);
  if (ask.close !== undefined) endpoint.close(now, ask.close, farewell);
  if (ask.drain !== undefined) endpoint.drain(now, ask.drain, farewell, 20_000_000);
  if (ask.hold !== undefined) endpoint.life.keeping!.hold(now, ask.hold);
  flush(now, a);
  if (ask.take) {
    for (const { id } of channels) {
      for (let m; (m = endpoint.receive(id)); ) a.messages.push({ channel: id, bytes: hexOf(m) });
    }
    flush(now, a);
  }
  for (let e; (e = endpoint.nextEvent()); ) a.events.push(e);
  a.deadline = Math.min(endpoint.deadline(), Number.MAX_SAFE_INTEGER);
  a.drained = endpoint.drained;
  a.done = endpoint.done;
  return a;
}

let text = "";
const chunk = Buffer.alloc(1 << 16);
for (let n; (n = readSync(0, chunk)) > 0; ) {
  text += chunk.toString("latin1", 0, n);
  for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
    const line = Buffer.from(JSON.stringify(answer(JSON.parse(text.slice(0, end)) as Ask)) + "\n");
    for (let at = 0; at < line.length; ) at += writeSync(1, line, at);
  }
}

import { readSync, writeSync } from "node:fs";
import { Client, RawChannel, web, type Conn } from "../client/index.js";
import { load } from "../client/loading.js";
import "../transport/climber.js"; // so that nothing waits for it to load
import { Browser, install } from "./browser.js";
import { chance } from "./link.js";

// A whole client in a browser of its own, driven over standard input and output in virtual time: a line of JSON asks, a
// line answers. So a program in another language can have it play over the networks that it simulates.

interface Ask {
  /** Microseconds. */
  now: number;
  /** Begins with a page, at so many seconds since 1970. */
  begin?: {
    seed: number;
    unix: number;
    token: string;
    channels: { id: number; name: string; delivery: number }[];
  };
  /** What becomes of connections. */
  opened?: number[];
  ended?: { id: number; reason: string }[];
  datagrams?: { id: number; bytes: string }[];
  holds?: { id: number; bytes: number }[];
  sends?: { channel: number; bytes: string }[];
  /** Whether the game looks at what came. */
  take?: boolean;
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const textOf = (b: Uint8Array) => Buffer.from(b.buffer, b.byteOffset, b.length).toString("base64");

/** Lets everything be done that hangs on promises. */
const settle = (
  (immediately) => () =>
    new Promise<void>((resolve) => void immediately(resolve))
)(setImmediate);

let browser: Browser;
let client: Client;
let conn: Conn;
let channels: RawChannel[] = [];

function begin({ seed, unix, token, channels: list }: NonNullable<Ask["begin"]>): void {
  const began = browser.now;
  const random = chance(seed);
  channels = list.map((c) => new RawChannel(c as RawChannel["config"]));
  client = new Client({
    channels,
    transport: web("ws://game.example/tickwire"),
    random: (n) => Uint8Array.from({ length: n }, () => Math.floor(256 * random())),
    clock: {
      now: () => browser.now,
      unix: () => unix + (browser.now - began) / 1e6,
      after: (milliseconds, f) => browser.after(f, milliseconds),
      cancel: (id) => browser.cancel(id),
    },
  });
  conn = client.connect(bytesOf(token));
}

/** What the game sees in a frame. */
function look() {
  const messages = channels.flatMap((c) =>
    [...c.receive(conn)].map((b) => ({ channel: c.config.id, bytes: textOf(b) })),
  );
  const events = [...client.events()].map((e) => ({
    kind: e.kind,
    ...("kept" in e && { kept: e.kept }),
    ...("reason" in e && { text: String(e.reason) }),
  }));
  const { open, away, transport } = conn;
  const paths = conn.paths().flatMap((p) => (p.state === "active" && p.kind ? [p.kind] : []));
  return { messages, events, open, away, transport, paths, ticket: conn.ticket() !== undefined };
}

async function answer(ask: Ask): Promise<object> {
  if (ask.begin) install((browser = new Browser()));
  browser.now = ask.now;
  if (ask.begin) begin(ask.begin);
  for (const { id, bytes } of ask.holds ?? []) browser.holds(id, bytes);
  for (const id of ask.opened ?? []) browser.opened(id);
  for (const { id, bytes } of ask.datagrams ?? []) browser.came(id, bytesOf(bytes));
  for (const { id, reason } of ask.ended ?? []) browser.ended(id, reason);
  await settle();
  for (let call; (call = browser.due()); await settle()) call();
  for (const { channel, bytes } of ask.sends ?? []) conn.send(channel, bytesOf(bytes));
  const seen = ask.take ? look() : undefined;
  await settle();
  const { opens, sends, closes } = browser.wishes;
  browser.wishes = { opens: [], sends: [], closes: [] };
  return {
    opens: opens.map(([id, kind]) => ({ id, kind })),
    sends: sends.map(([id, b]) => ({ id, bytes: textOf(b) })),
    closes,
    deadline: Math.min(browser.deadline, Number.MAX_SAFE_INTEGER),
    seen,
  };
}

await Promise.all([load("kept"), load("repair"), load("stats")]); // nor for a part of the client
let text = "";
const chunk = Buffer.alloc(1 << 16);
for (let n; (n = readSync(0, chunk)) > 0;) {
  text += chunk.toString("latin1", 0, n);
  for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
    const line = Buffer.from(
      JSON.stringify(await answer(JSON.parse(text.slice(0, end)) as Ask)) + "\n",
    );
    for (let at = 0; at < line.length;) at += writeSync(1, line, at);
  }
}

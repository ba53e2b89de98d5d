import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page, type Route } from "playwright-core";
import { bundle } from "../build/bundle.js";
import { storeTicket } from "../netcode/store.js";
import { ticketOf } from "../testdata/handshake.js";
import { GoServer } from "../testdata/server.js";
import type { Kind } from "./index.js";

// Debian's; a test without a browser fails.
const executablePath = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find(existsSync);

let browser: Browser;
let pages: Server;

before(async () => {
  const made = await bundle({ page: "testdata/page" }, "/"); // with short names, as the package has them
  const scripts = new Map(made.map((file) => [file.path, file.text]));
  pages = createServer((request, response) => {
    const script = scripts.get(request.url!);
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    // nothing is made into a program at run time, and nothing runs but what the page's host has
    response.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; connect-src ws: https:; require-trusted-types-for 'script'",
    );
    response.end(script ?? '<script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
  assert.ok(executablePath, "no Chromium: .ci/deps installs it");
  browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});

after(async () => {
  await browser?.close();
  pages?.close();
});

/** The parts of the client that load later. */
const chunks = /\/(ways|kept|repair|asked|webrtc)-/;

/** What a page tells of its game. */
interface Told {
  transport: Kind | undefined;
  log: string[];
  said: number;
  heard: number;
  wrong: string;
  longest: number;
  paths: string[];
}

/** Plays in a page against a server. */
async function play(
  settings: Record<string, unknown>,
  transports: Kind[] | undefined,
  how: (
    page: Page,
    told: () => Promise<Told>,
    until: (kind: Kind) => Promise<void>,
  ) => Promise<void>,
  missing?: RegExp, // what cannot be loaded
  loading = (route: Route) => route.abort(),
  otherwise?: string, // what is run in the page first
): Promise<void> {
  const server = await GoServer.start({ web: true, ...settings });
  const page = await browser.newPage();
  if (missing) await page.route(missing, loading);
  if (otherwise) await page.addInitScript(otherwise);
  const broken: string[] = [];
  page.on("pageerror", (e) => broken.push(String(e)));
  try {
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    const token = Buffer.from(await server.token(7)).toString("base64");
    const url = `ws://${server.address}/tickwire`;
    await page.evaluate(
      ([url, token, transports]) => {
        globalThis.game = new Game(url, token, transports) as typeof game;
      },
      [url, token, transports] as const,
    );
    const told = () =>
      page.evaluate(() => {
        const { transport, log, said, heard, wrong, longest, paths } = game;
        return { transport, log, said, heard, wrong, longest, paths };
      });
    const until = async (kind: Kind) => {
      const end = performance.now() + 10_000;
      for (let t = await told(); t.transport !== kind; t = await told()) {
        if (performance.now() > end) assert.fail(`not ${kind}: ${JSON.stringify(t)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await page.waitForFunction(() => game.paths.length > 0); // what tells of them loads when it is asked
    };
    await how(page, told, until);
    while ((await told()).said < 50) await new Promise((resolve) => setTimeout(resolve, 50));
    await page.evaluate(() => game.end());
    const { wrong, said, heard, log } = await told();
    assert.equal(wrong, "", JSON.stringify(log));
    assert.equal(heard, said);
    assert.deepEqual(broken, []);
    assert.equal((await server.event("Disconnected", 7)).code, 300);
  } finally {
    await page.close();
    await server.stop();
  }
}

test("a game begins on the WebSocket and climbs to WebTransport", async () => {
  await play({}, undefined, async (_, told, until) => {
    await until("webtransport");
    const { log, paths } = await told();
    assert.deepEqual(log.slice(0, 4), ["Connecting", "Connected", "websocket", "PathChanged"]);
    assert.deepEqual(paths.sort(), ["websocket reserve", "webtransport share"]);
  });
});

test("where there is no WebTransport it climbs to WebRTC", async () => {
  await play({ noWebTransport: true }, undefined, async (_, told, until) => {
    await until("webrtc");
    assert.deepEqual((await told()).paths.sort(), ["webrtc share", "websocket reserve"]);
  });
  await play({}, ["webrtc"], (_page, _told, until) => until("webrtc"));
});

for (const [what, session] of [
  ["throws at once", "throw new DOMException('no hashes here', 'NotSupportedError')"],
  ["never opens", "this.ready = this.closed = new Promise(() => {})"],
] as const) {
  test(`where WebTransport ${what} it climbs to WebRTC`, async () => {
    const script = `globalThis.WebTransport = class { constructor() { ${session} } }`;
    await play({}, undefined, (_page, _told, until) => until("webrtc"), undefined, undefined, script);
  });
}

test("datagrams of WebTransport are written as the standard has it, where browsers do", async () => {
  const script = `
    const { prototype } = WebTransportDatagramDuplexStream;
    const { get } = Object.getOwnPropertyDescriptor(prototype, "writable");
    prototype.createWritable = function () { return get.call(this) };
    delete prototype.writable;`;
  const until = (_page: unknown, _told: unknown, until: (kind: Kind) => Promise<void>) => until("webtransport");
  await play({}, ["webtransport"], until, undefined, undefined, script);
});

test("where there is neither it stays on the WebSocket", async () => {
  const settings = { noWebTransport: true, noWebRTC: true };
  await play(settings, undefined, async (_, told, until) => {
    await until("websocket");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual((await told()).paths, ["websocket share"]);
  });
});

test("a page of a server with a WebSocket alone loads nothing more", async () => {
  let loads = 0;
  const plays = async (page: Page) => {
    await page.waitForFunction(() => game.heard > 300);
    assert.equal(loads, 0);
  };
  await play({ noWebTransport: true, noWebRTC: true }, undefined, plays, chunks, (route) => {
    loads++;
    return route.continue();
  });
});

test("a page that plays by WebTransport loads what several ways take, and nothing else unless a packet is lost", async () => {
  const loads = new Set<string>();
  const plays = async (page: Page) => {
    await page.waitForFunction(() => game.transport === "webtransport" && game.heard > 300);
    const before = [...loads]; // what tells of losses is loaded, too
    await page.waitForFunction(() => game.lost !== undefined);
    const lost = (await page.evaluate(() => game.lost))! > 0;
    assert.deepEqual(before.sort(), lost && before.includes("repair") ? ["repair", "ways"] : ["ways"]);
  };
  await play({}, undefined, plays, chunks, (route) => {
    loads.add(chunks.exec(route.request().url())![1]!);
    return route.continue();
  });
});

test("when the rest of the client cannot be loaded the game goes on where it began", async () => {
  let refused = 0;
  const stays = async (page: Page, told: () => Promise<Told>) => {
    page.on("requestfailed", () => refused++);
    await page.waitForFunction(() => game.heard > 300);
    const { log } = await told();
    // A busy machine may be silent for long enough that a path fails, and be back.
    const seen = new Set(log.filter((line) => line !== "PathChanged"));
    assert.deepEqual([...seen], ["Connecting", "Connected", "websocket"]);
  };
  await play({ keepSeats: 60 }, undefined, stays, /\/ways-/);
  assert.ok(refused > 0, "nothing was kept from the page");
});

test("what could not be loaded is loaded later", async () => {
  let times = 0;
  const once = async (page: Page, _: unknown, until: (kind: Kind) => Promise<void>) => {
    page.on("requestfailed", () => times++);
    await until("webtransport");
  };
  const passing = (route: Route) => (times > 0 ? route.continue() : route.abort());
  await play({ keepSeats: 60 }, undefined, once, /\/ways-/, passing);
  assert.equal(times, 1);
});

test("a ticket is of no use while what shows it cannot be loaded, and the page reads why", async () => {
  const ticket = { ...ticketOf(), addresses: [{ ip: Uint8Array.of(127, 0, 0, 1), port: 1 }] };
  const page = await browser.newPage();
  try {
    await page.route(/\/kept-/, (route) => route.abort());
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await page.evaluate(
      (ticket) => {
        globalThis.game = new Game("ws://127.0.0.1:1/", ticket, undefined, true) as typeof game;
      },
      Buffer.from(storeTicket(ticket)).toString("base64"),
    );
    await page.waitForFunction(() => game.log.length > 0);
    const [end] = await page.evaluate(() => game.log);
    assert.match(end!, /a part of the client could not be loaded: .* \(by this side\)/);
  } finally {
    await page.close();
  }
});

for (const kind of ["webtransport", "webrtc"] as const) {
  test(`when ${kind} ends in mid-game the WebSocket carries on at once, and later it is back`, async () => {
    await play({}, [kind], async (page, told, until) => {
      await until(kind);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await page.evaluate((kind) => game.cut(kind), kind);
      await until("websocket");
      const { longest } = await told();
      assert.ok(longest < 1000, `nothing was heard for ${longest} ms`);
      await until(kind);
    });
  });

  test(`when the WebSocket ends ${kind} carries on, and later there is another WebSocket`, async () => {
    await play({}, [kind], async (page, told, until) => {
      await until(kind);
      const paths = await page.evaluate(() => {
        game.cut("websocket");
        return game.paths; // at once: the next WebSocket is not far
      });
      assert.deepEqual(paths, [`${kind} share`]);
      const end = performance.now() + 10_000;
      for (let t = await told(); t.paths.length < 2; t = await told()) {
        if (performance.now() > end) assert.fail(JSON.stringify(t));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { transport, longest } = await told();
      assert.equal(transport, kind);
      assert.ok(longest < 1000, `nothing was heard for ${longest} ms`);
    });
  });
}

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page, type Route } from "playwright-core";
import { bundle } from "../build/bundle.js";
import { storeTicket } from "../netcode/store.js";
import { ticketOf } from "../testdata/handshake.js";
import { GoServer, patience } from "../testdata/server.js";
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
    timeout: patience,
  });
});

after(async () => {
  await browser?.close();
  pages?.close();
});

async function newPage(): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  return page;
}

/** The parts of the client that load later. */
const chunks = /\/(ways|kept|repair|stats|webrtc)-/;

/** Loads are the parts that pages have loaded. */
class Loads {
  private readonly all: [Page, string][] = [];

  readonly let = (route: Route): Promise<void> => {
    const request = route.request();
    this.all.push([request.frame().page(), chunks.exec(request.url())![1]!]);
    return route.continue();
  };

  /** Those of one page, in the order of the alphabet. */
  of(page: Page): string[] {
    return this.all.flatMap(([by, part]) => (by === page ? [part] : [])).sort();
  }
}

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

/**
 * What is done in a page. Where a machine that does something else may have had the game do otherwise, as when a path is silent for
 * so long that it fails, it returns what there was, and is played again in another page.
 */
type How = (
  page: Page,
  told: () => Promise<Told>,
  until: (kind: Kind) => Promise<void>,
) => Promise<string | void>;

const mostGames = 6;

/** Plays in a page against a server, and in others where that may have been the machine's fault. */
async function play(...[settings, transports, how, ...more]: Parameters<typeof playOnce>): Promise<void> {
  const otherwise: string[] = [];
  while (otherwise.length < mostGames) {
    const what = await playOnce(settings, transports, how, ...more);
    if (!what) return;
    otherwise.push(what);
  }
  assert.fail(otherwise.join("\n"));
}

async function playOnce(
  settings: Record<string, unknown>,
  transports: Kind[] | undefined,
  how: How,
  missing?: RegExp, // what cannot be loaded
  loading = (route: Route) => route.abort(),
  otherwise?: string, // what is run in the page first
): Promise<string | void> {
  const server = await GoServer.start({ web: true, ...settings });
  const page = await newPage();
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
      const end = performance.now() + patience;
      for (let t = await told(); t.transport !== kind; t = await told()) {
        if (performance.now() > end) assert.fail(`not ${kind}: ${JSON.stringify(t)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await page.waitForFunction(() => game.paths.length > 0); // what tells of them loads when it is asked
    };
    const result = await how(page, told, until);
    while ((await told()).said < 50) await new Promise((resolve) => setTimeout(resolve, 50));
    await page.evaluate(() => game.end());
    const { wrong, said, heard, log } = await told();
    assert.equal(wrong, "", JSON.stringify(log));
    assert.equal(heard, said);
    assert.deepEqual(broken, []);
    assert.equal((await server.event("Disconnected", 7)).code, 300);
    return result;
  } finally {
    await page.close();
    await server.stop();
  }
}

/** Waits until the paths of a game are those, in the order of the alphabet. */
async function untilPaths(page: Page, ...paths: string[]): Promise<void> {
  await page.waitForFunction((want) => game.paths.sort().join() === want, paths.join());
}

test("a game begins on the WebSocket and climbs to WebTransport", async () => {
  await play({}, undefined, async (page, told) => {
    await page.waitForFunction(() => /^web(transport|rtc)$/.test(game.transport ?? ""));
    const { log } = await told();
    assert.deepEqual(log.slice(0, 4), ["Connecting", "Connected", "websocket", "PathChanged"]);
    if (log.includes("webrtc")) return "WebTransport took longer than a page waits for it";
    return untilPaths(page, "websocket reserve", "webtransport share");
  });
});

test("where there is no WebTransport it climbs to WebRTC", async () => {
  await play({ noWebTransport: true }, undefined, (page) =>
    untilPaths(page, "webrtc share", "websocket reserve"),
  );
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
  await play(settings, undefined, async (page, told, until) => {
    await until("websocket");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await untilPaths(page, "websocket share");
    assert.deepEqual((await told()).log.filter((line) => line.startsWith("web")), ["websocket"]);
  });
});

test("a page of a server with a WebSocket alone loads nothing more", async () => {
  const loads = new Loads();
  const plays = async (page: Page) => {
    await page.waitForFunction(() => game.heard > 300);
    return loads.of(page).join();
  };
  await play({ noWebTransport: true, noWebRTC: true }, undefined, plays, chunks, loads.let);
});

test("a page that plays by WebTransport loads what several ways take, and nothing else unless a packet is lost", async () => {
  const loads = new Loads();
  const plays = async (page: Page) => {
    await page.waitForFunction(() => /^web(transport|rtc)$/.test(game.transport ?? "") && game.heard > 300);
    const before = loads.of(page); // what tells of losses is loaded, too
    await page.waitForFunction(() => game.lost !== undefined);
    const lost = (await page.evaluate(() => game.lost))! > 0;
    const want = lost && before.includes("repair") ? ["repair", "ways"] : ["ways"];
    return `${before}` === `${want}` ? "" : `${before} were loaded, want ${want}`;
  };
  await play({}, undefined, plays, chunks, loads.let);
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
  const once: How = async (_page, _told, until) => {
    await until("webtransport");
  };
  const passing = (route: Route) => (times++ > 0 ? route.continue() : route.abort());
  await play({ keepSeats: 60 }, ["webtransport"], once, /\/ways-/, passing);
  assert.equal(times, 2);
});

test("a ticket is of no use while what shows it cannot be loaded, and the page reads why", async () => {
  const ticket = { ...ticketOf(), addresses: [{ ip: Uint8Array.of(127, 0, 0, 1), port: 1 }] };
  const page = await newPage();
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
    assert.match(end!, /dynamically imported module: .* \(by this side\)/);
  } finally {
    await page.close();
  }
});

/** Plays until a game goes by one kind, cuts a path, and waits until there are two again. */
const cuts = async (page: Page, kind: Kind, cut: Kind): Promise<[at: string[], longest: number]> => {
  const both = [`${kind} share`, "websocket reserve"].sort().join();
  const at = await page.waitForFunction(
    ([both, cut]) => {
      if (game.paths.sort().join() !== both) return false;
      game.cut(cut);
      return [...game.paths, game.transport]; // at once: the next one is not far
    },
    [both, cut] as const,
  );
  await untilPaths(page, ...both.split(","));
  return [(await at.jsonValue()) as string[], await page.evaluate(() => game.longest)];
};

/** How long nothing may be heard when a path ends beside another one. */
const mostSilence = 1000;

for (const kind of ["webtransport", "webrtc"] as const)
  for (const [cut, stays, what] of [
    [kind, "websocket", `${kind} ends in mid-game the WebSocket carries on at once, and later it is back`],
    ["websocket", kind, `the WebSocket ends ${kind} carries on, and later there is another WebSocket`],
  ] as const)
    test(`when ${what}`, async () => {
      await play({}, [kind], async (page) => {
        const [paths, longest] = await cuts(page, kind, cut);
        assert.deepEqual(paths, [`${stays} share`, stays]);
        return longest < mostSilence ? "" : `nothing was heard for ${longest} ms`;
      });
    });

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dist } from "./bundle.js";

const ts = join(dist, "..");
const entity = `import { Entity } from ${JSON.stringify(join(dist, "testdata/five.js"))};`;
const client = "@tickwire/client";

/** What the text around a piece of the README speaks of, by what the piece begins with. */
const around: Record<string, string> = {
  'import { Client, Delivery, RawChannel, web } from "@tickwire/client";\n\nconst chat = new RawChannel({ id: 1, delivery':
    "declare const token: Uint8Array;",
  'import { Client, Delivery, RawChannel, web } from "@tickwire/client";\n\nconst chat = new RawChannel({ id: 1, name': "",
  "const game =": "",
  'addEventListener("pagehide"': `import type { Client, Conn } from "${client}";
    declare const client: Client; declare const conn: Conn;`,
  "import { dial }": `import type { RawChannel } from "${client}";
    declare const chat: RawChannel; declare const token: Uint8Array;`,
  "import { Dictionary": "declare const file: Uint8Array; declare const bytes: Uint8Array;",
  "import { encoded, Receiver }": `${entity} import { Channel, Delivery, type Conn } from "${client}";
    declare const conn: Conn;
    declare const scene: Record<"move" | "draw", (id: number, entity: Entity) => void> & { remove(id: number): void };`,
  "import { systemClock }": `${entity} import type { Channel, Conn } from "${client}"; declare const conn: Conn;
    interface State { began: number; heard: number; heardAt: number; at: number; me: Entity }
    declare const states: Channel<State>; declare const inputs: Channel<{ tick: number }>;
    declare function wish(tick: number): { tick: number };
    declare function draw(from: Entity, to: Entity, fraction: number): void;`,
};

/** The pieces of a page in TypeScript. */
const piecesOf = (page: string) =>
  [...readFileSync(join(ts, page), "utf8").matchAll(/^```ts\n([^]*?)^```/gm)].map(([, piece]) => piece!);

const pieces = piecesOf("README.md");

/** What the compiler says of a folder with files. */
function compile(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "tickwire-readme-"));
  try {
    mkdirSync(join(folder, "node_modules/@tickwire"), { recursive: true });
    symlinkSync(ts, join(folder, "node_modules", client));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const options =
      "--ignoreConfig --noEmit --strict --target es2023 --module esnext --moduleResolution bundler --lib es2023,dom --types";
    const { stdout, error } = spawnSync(
      join(ts, "node_modules/.bin/tsc"),
      [...options.split(" "), "", ...Object.keys(files)],
      { cwd: folder, encoding: "utf8" },
    );
    assert.equal(error, undefined);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("each piece of the README compiles, with what the text around it speaks of", () => {
  const files: Record<string, string> = {};
  for (const [begin, said] of Object.entries(around)) {
    const here = pieces.filter((p) => p.startsWith(begin));
    assert.equal(here.length, 1, `pieces that begin with ${begin}`);
    files[`piece${Object.keys(files).length}.ts`] = `${said}\n${here[0]}\nexport {};\n`;
  }
  assert.equal(pieces.length, Object.keys(files).length, "a piece of the README is in no row above");
  assert.equal(compile(files), "");
  const [name, text] = Object.entries(files)[0]!;
  assert.match(compile({ [name]: text.replace("chat.send", "chat.sent") }), /'sent' does not exist/);
});

test("a page that had a WebSocket, and has tickwire, is in the docs as it is in the examples, and compiles", () => {
  const examples = ["before", "after"].map((which) => `../examples/websocket/${which}/page.ts`);
  const files = examples.map((name) => readFileSync(join(ts, name), "utf8"));
  assert.deepEqual(piecesOf("../docs/from-websocket.md"), files);
  const said = "declare function draw(dots: unknown): void; declare function say(line: string): void;";
  const [before, after] = files.map((file) => `${said}\n${file}\nexport {};\n`);
  assert.equal(compile({ "before.ts": before!, "after.ts": after! }), "");
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { dist, writePackage } from "../build/bundle.js";

const made = join(dist, "trial", "size");
before(() => writePackage(made));

/** The chunks that are loaded later, and what has them loaded. */
const later = {
  ways: "ways that the server offers, a way that ended, large messages and options",
  kept: "tickets, a hand-over, holds, drains, a server that forgot",
  repair: "the first loss",
  stats: "stats, budgets, clocks, what differs",
  aes: "a token that asks for AES-256-GCM",
  protection: "a token that asks for another protection",
  x25519: "a token that asks for forward secrecy",
};

/** The sizes of the chunks of a program, by gzip; first is what it waits for. */
type Sizes = Record<"first" | keyof typeof later, number>;

/** Bundles what a program imports of the package. */
async function sizes(names: string): Promise<Sizes> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${names} } from "./client.js";`, resolveDir: made },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: "/out",
    write: false,
    metafile: true,
  });
  const main = Object.keys(metafile.outputs).find((o) => /stdin\.js$/.test(o))!;
  const first = [...reached(metafile, main)].map((o) => o.split("/").pop()!);
  const all: Sizes = { first: 0, ways: 0, kept: 0, repair: 0, stats: 0, aes: 0, protection: 0, x25519: 0 };
  for (const { path, contents } of outputFiles) {
    const name = path.split("/").pop()!;
    const of = first.includes(name) ? "first" : name.split("-")[0]!;
    assert.ok(of in all, `${name} is none of the chunks that are known`);
    all[of as keyof Sizes] += gzipSync(contents, { level: 9 }).length;
  }
  return all;
}

/** What a chunk needs at once, itself included. */
function reached(meta: Metafile, output: string, all = new Set<string>()): Set<string> {
  if (all.has(output)) return all;
  all.add(output);
  for (const { path, kind } of meta.outputs[output]!.imports)
    if (kind === "import-statement") reached(meta, path, all);
  return all;
}

test("what a browser loads is no more than README says", async () => {
  const game = await sizes("Client, RawChannel, Delivery, web");
  const { first, ways, kept, repair, stats, aes, protection, x25519 } = game;
  console.log(`a game: ${first} bytes at once, and over WebTransport ${first + ways} in all`);
  for (const [name, why] of Object.entries(later))
    console.log(`  ${name}: ${game[name as keyof Sizes]} bytes, for ${why}`);
  assert.ok(first < 20_000 && first + ways < 40_550, JSON.stringify(game));
  assert.ok(kept < 5700 && repair < 2800 && stats < 1800, JSON.stringify(game));
  assert.ok(aes < 4000 && protection < 600 && x25519 < 9700, JSON.stringify(game));
  const typed = await sizes("Client, Channel, Delivery, web");
  assert.ok(typed.first > first + 3000, "typed channels are for who has them");
});

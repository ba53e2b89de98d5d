import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { dist, writePackage } from "../build/bundle.js";

const made = join(dist, "trial", "size");
before(() => writePackage(made));

/** The sizes of the chunks of a program, by gzip. */
interface Sizes {
  /** What it waits for. */
  first: number;
  /** What is loaded meanwhile: ways for datagrams, what comes of losses, tickets. */
  rest: number;
  /** What few tokens ask for. */
  rare: number;
}

/** Which chunk is which, by its name. */
const chunks: Record<string, keyof Sizes> = {
  rest: "rest",
  aes: "rare",
  signed: "rare",
  x25519: "rare",
};

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
  const all: Sizes = { first: 0, rest: 0, rare: 0 };
  for (const { path, contents } of outputFiles) {
    const name = path.split("/").pop()!;
    const of = first.includes(name) ? "first" : chunks[name.split("-")[0]!];
    assert.ok(of, `${name} is none of the chunks that are known`);
    all[of] += gzipSync(contents, { level: 9 }).length;
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
  const { first, rest, rare } = game;
  console.log(`a game: ${first} bytes at once, ${rest} meanwhile, ${rare} rarely`);
  assert.ok(first < 22_900 && rest < 25_500, JSON.stringify(game));
  const typed = await sizes("Client, Channel, Delivery, web");
  assert.ok(typed.first > first + 3000, "typed channels are for who has them");
});

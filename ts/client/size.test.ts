import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type OutputFile } from "esbuild";
import { dist, writePackage } from "../build/bundle.js";

const made = join(dist, "trial", "size");
before(() => writePackage(made));

/** Bundles what a program imports of the package, and returns the sizes of its chunks by gzip, of the first ones and the others. */
async function sizes(names: string): Promise<{ first: number; later: number }> {
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
  const first = reached(
    metafile,
    Object.keys(metafile.outputs).find((o) => /stdin\.js$/.test(o))!,
  );
  const size = (files: OutputFile[]) =>
    files.reduce((n, f) => n + gzipSync(f.contents, { level: 9 }).length, 0);
  const isFirst = (f: OutputFile) => [...first].some((o) => f.path.endsWith(o.split("/").pop()!));
  return {
    first: size(outputFiles.filter(isFirst)),
    later: size(outputFiles.filter((f) => !isFirst(f))),
  };
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
  console.log(
    `a game in a browser: ${game.first} bytes at once, ${game.later} when they are needed`,
  );
  assert.ok(game.first < 41_000, `${game.first} bytes at once`);
  const typed = await sizes("Client, Channel, Delivery, web");
  assert.ok(typed.first > game.first + 3000, "typed channels are for who has them");
});

// Builds the page into the folder assets:
//
//     node build.mjs
//
// Chunks are called by what is in them, or by a number, and not by a hash of it: so a change shows as one.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "../../../ts/node_modules/esbuild/lib/main.js";

const outdir = "assets";
const { outputFiles } = await build({
  entryPoints: ["main.ts", "style.css", "index.html"],
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  chunkNames: "[name]-[hash]",
  loader: { ".html": "copy" },
  legalComments: "inline",
  logLevel: "warning",
  outdir,
  write: false,
});

const names = new Map();
let shared = 0;
for (const { path } of [...outputFiles].sort((a, b) => b.contents.length - a.contents.length)) {
  const [, name, hash] = /^(.+)-([0-9A-Z]{8})\.js$/.exec(basename(path)) ?? [];
  if (hash) names.set(basename(path), name === "chunk" ? `shared${++shared}.js` : `${name}.js`);
}
if (new Set(names.values()).size < names.size) throw new Error("two chunks have one name");

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir);
for (const { path, text } of outputFiles) {
  let named = text;
  for (const [from, to] of names) named = named.replaceAll(from, to);
  writeFileSync(join(outdir, names.get(basename(path)) ?? basename(path)), named);
}

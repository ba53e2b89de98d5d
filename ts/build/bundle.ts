import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { arch, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type OutputFile } from "esbuild";
import { rollup } from "@rollup/wasm-node";
import { foreignNames, publicNames, spelledNames } from "./names.js";

/** Where everything is compiled to. */
export const dist = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(dist, "..");
const typescript = join(root, "node_modules/@typescript", `typescript-${platform}-${arch}`, "lib");
const node = join(root, "node_modules/@types/node");
/** What declares ECMAScript, browsers, and what udp takes of Node. */
const foreign = [
  ...readdirSync(typescript)
    .filter((name) => /^lib\.(?:dom|es).*\.d\.ts$/.test(name))
    .map((name) => join(typescript, name)),
  join(node, "dgram.d.ts"),
  join(node, "events.d.ts"),
];

/**
 * What browsers import of the package, by the modules of that. It is one build, since they pass objects to each
 * other; udp is for what is a browser and Node.
 */
export const rooms = {
  client: "client/index",
  codec: "codec/index",
  compress: "compress/index",
  delta: "delta/index",
  timeline: "timeline/index",
  udp: "transport/udp",
};

/**
 * Bundles modules for browsers. Properties have short names there, but for those that a program can come
 * across: what the .d.ts of these modules name, what ECMAScript or the DOM does, what a module exports, and whatever
 * stands in a string. None of our names is made at run time of parts, and what a module exports is imported by name:
 * esbuild does not know the short names of a whole module.
 *
 * @param entries the modules, without .ts, by the names of their bundles
 */
export async function bundle(
  entries: Record<string, string>,
  outdir: string,
): Promise<OutputFile[]> {
  const common: BuildOptions = {
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, module]) => [name, join(root, `${module}.ts`)]),
    ),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir,
    external: ["node:*"],
    chunkNames: "chunks/[name]-[hash]",
    // a member without a value takes no code; nothing asks whether it is there
    tsconfigRaw: { compilerOptions: { target: "es2022", useDefineForClassFields: false } },
  };
  const plain = await build({ ...common, write: false });
  // of signals, names are read from JSON
  const declared = [...Object.values(entries), "transport/signal"];
  const kept = new Set([
    ...foreignNames(foreign),
    ...publicNames(declared.map((module) => join(dist, `${module}.d.ts`))),
    ...plain.outputFiles.flatMap(({ text }) => [...spelledNames(text)]),
  ]);
  const { outputFiles } = await build({
    ...common,
    minifySyntax: true, // who bundles it does the rest, and can still leave out what is not used
    mangleProps: /./,
    reserveProps: new RegExp(`^(?:${[...kept].map((n) => n.replaceAll("$", "\\$")).join("|")})$`),
    write: false,
  });
  return outputFiles;
}

/**
 * Writes what browsers import of the package into a folder. What client.js needs at once is one file, core, from
 * which the others take what they share with it: as chunks that load together it is larger, since each is compressed
 * by itself. Bundlers leave out of it what a program does not use.
 */
export async function writePackage(outdir: string): Promise<void> {
  const files = new Map((await bundle(rooms, outdir)).map((f) => [f.path, f.text]));
  const input = Object.fromEntries(Object.keys(rooms).map((r) => [r, join(outdir, `${r}.js`)]));
  const made = await rollup({
    input,
    external: /^node:/,
    plugins: [
      {
        name: "in memory",
        resolveId: (path, from) => (from ? join(dirname(from), path) : path),
        load: (path) => files.get(path),
      },
    ],
  });
  const core = new Set<string>();
  const needs = (path: string, importsOf: (path: string) => readonly string[]): void => {
    if (core.has(path)) return;
    core.add(path);
    for (const other of importsOf(path)) needs(other, importsOf);
  };
  await made.write({
    dir: outdir,
    chunkFileNames: ({ name }) => `chunks/${name.replace(/-[A-Z0-9]{8}$/, "")}.js`,
    manualChunks(path, { getModuleInfo }) {
      needs(input["client"]!, (of) => getModuleInfo(of)!.importedIds);
      return core.has(path) ? "core" : undefined;
    },
  });
}

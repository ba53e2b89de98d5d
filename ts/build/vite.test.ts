import assert from "node:assert/strict";
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { chromium, type Browser } from "playwright-core";
import { patience } from "../testdata/server.js";
import { dist } from "./bundle.js";

const ts = join(dist, "..");
const root = join(ts, "..");
const executablePath = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find(existsSync);

/** The section of the README that is followed here to the letter. */
const section = readFileSync(join(ts, "README.md"), "utf8")
  .split(/^## /m)
  .find((part) => part.startsWith("From nothing to a page that plays"))!;
const blocks = (kind: string) =>
  [...section.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\``, "gm"))].map(([, b]) => b!);

// npm has all it needs: nothing is asked of a registry
const env = {
  ...process.env,
  npm_config_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
};

function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
  });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${error ?? ""}${stdout}${stderr}`);
  return stdout;
}

/** Runs a line of the README. */
const type = (cwd: string, line: string) => run(cwd, "sh", "-c", line);

/** Starts a program, and waits until it has said where it is. */
async function start(
  cwd: string,
  program: string,
  ...args: string[]
): Promise<[ChildProcess, string]> {
  const child = spawn(program, args, { cwd, env: { ...env, NO_COLOR: "1" } });
  const said: string[] = [];
  const place = new Promise<string>((resolve, reject) => {
    for (const out of [child.stdout, child.stderr])
      createInterface(out).on("line", (line) => {
        said.push(line);
        const at = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(line);
        if (at) resolve(at[0]);
      });
    child.on("close", () => reject(new Error(said.join("\n"))));
  });
  return [child, await place];
}

/** Opens a page, and waits until it plays by the best transport. */
async function plays(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  const broken: string[] = [];
  page.on("pageerror", (e) => broken.push(String(e)));
  // a machine that does something else may take longer to open WebTransport than a page waits for it: then it stays with WebRTC
  for (let title = "", times = 0; title !== "connected by webtransport"; title = await page.title()) {
    assert.ok(times++ < 6, title);
    await page.goto(url);
    await page
      .waitForFunction(
        () =>
          /^connected by web(transport|rtc)$/.test(document.title) &&
          /player \d+: hello/.test(document.querySelector("#app")!.textContent!),
      )
      .catch(async (e) =>
        assert.fail(`${e}: ${await page.title()}, ${await page.textContent("body")}, ${broken}`),
      );
  }
  assert.deepEqual(broken, []);
  await page.close();
}

/** A folder as people have it: a clone in tickwire, in which npm ci was run; and nothing else. */
function workspace(): string {
  const folder = mkdtempSync(join(tmpdir(), "tickwire-vite-"));
  const clone = join(folder, "tickwire/ts");
  const [built, vite] = [join(ts, "dist"), join(ts, "testdata")];
  cpSync(ts, clone, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => from !== built && from !== vite,
  });
  return folder;
}

test("the README leads from nothing to a page of Vite that plays", async () => {
  const folder = workspace();
  const children: ChildProcess[] = [];
  const [making = "", using = ""] = blocks("sh");
  const [go, dev] = using.trim().split("\n");
  assert.equal(go, "go run ./examples/browser");
  const server = join(folder, "browser");
  const args = ["build", "-o", server, go.split(" ").at(-1)!];
  const built = promisify(execFile)("go", args, { cwd: root }); // beside what follows
  let browser: Browser | undefined;
  try {
    const [create, ci, pack, cd, install] = making.trim().split("\n");
    assert.equal(create, "npm create vite@latest game -- --template vanilla-ts");
    const game = join(folder, "game"); // what that makes, with versions that stay
    cpSync(join(ts, "testdata/vite"), game, { recursive: true, verbatimSymlinks: true });
    assert.equal(ci, "npm ci --prefix tickwire/ts");
    type(folder, pack!);
    assert.equal(cd, "cd game");
    type(game, install!);
    checkPackage(join(game, "node_modules/@tickwire/client"));

    const [main, config] = blocks("ts");
    await built;
    const [room, at] = await start(root, server, "-listen", "127.0.0.1:0");
    children.push(room);
    mkdirSync(join(game, "src"));
    writeFileSync(join(game, "src/main.ts"), main!);
    assert.match(config!, /"http:\/\/127.0.0.1:7777"/);
    writeFileSync(join(game, "vite.config.ts"), config!.replace("http://127.0.0.1:7777", at));
    assert.equal(dev, "npm run dev -- --host 127.0.0.1");
    assert.ok(executablePath, "no Chromium: .ci/deps installs it");
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--disable-gpu"],
      timeout: patience,
    });
    for (const [mode, before] of [["dev"], ["preview", "build"]] as const) {
      if (before) run(game, "npm", "run", before);
      const [vite, page] = await start(
        game,
        "node_modules/.bin/vite",
        mode,
        "--host",
        "127.0.0.1",
        "--port",
        "0",
      );
      children.push(vite);
      await plays(browser, page);
    }
    checkTypes(game);
  } finally {
    await browser?.close();
    await Promise.allSettled([built]);
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Manifest {
  name: string;
  exports: Record<string, Record<string, string>>;
}

const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** The package has what its exports name, types first, no tests, and no path of the machine that made it. */
function checkPackage(folder: string): void {
  for (const [name, ways] of Object.entries(manifest(folder).exports)) {
    assert.equal(Object.keys(ways)[0], "types", name);
    assert.equal(Object.keys(ways).at(-1), "default", name);
    for (const file of Object.values(ways))
      assert.ok(existsSync(join(folder, file)), `${name}: ${file}`);
  }
  const files = run(folder, "find", ".", "-type", "f").trim().split("\n");
  for (const file of ["./README.md", "./LICENSE"]) assert.ok(files.includes(file), `no ${file}`);
  const machine = [ts, tmpdir(), process.env.HOME ?? "/home/"].filter((path) => path.length > 4);
  for (const file of files) {
    assert.match(file, /^\.\/(?:dist\/.*\.(?:js|d\.ts)|package\.json|README\.md|LICENSE)$/);
    assert.doesNotMatch(file, /\.test\.|testdata|dist\/build/);
    const text = readFileSync(join(folder, file), "utf8");
    for (const path of machine) assert.ok(!text.includes(path), `${file} names ${path}`);
  }
}

/** All that the package exports has types, for bundlers and for Node, without those of Node. */
function checkTypes(game: string): void {
  const names = Object.keys(manifest(join(game, "node_modules/@tickwire/client")).exports);
  const imports = names.map(
    (name, i) => `import * as m${i} from "@tickwire/client${name.slice(1)}";\nvoid m${i};\n`,
  );
  writeFileSync(join(game, "src/all.ts"), imports.join(""));
  for (const how of ["bundler", "nodenext"])
    run(
      game,
      "node_modules/.bin/tsc",
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "false",
      "--target",
      "es2023",
      "--module",
      how === "bundler" ? "esnext" : how,
      "--moduleResolution",
      how,
      "--lib",
      "es2023,dom",
      "--types",
      "",
      "src/all.ts",
    );
}

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { build, type Plugin } from "esbuild";
import { dist, rooms, writePackage } from "./bundle.js";

const trial = join(dist, "trial");
const made = join(trial, "package");

/** Has modules import the package as browsers have it. */
const asInBrowsers: Plugin = {
  name: "as in browsers",
  setup(b) {
    for (const [room, module] of Object.entries(rooms)) {
      const filter = new RegExp(`(?:^|/)${module.split("/").pop()}\\.js$`);
      b.onResolve({ filter }, ({ path, resolveDir }) =>
        join(resolveDir, path) === join(dist, `${module}.js`)
          ? { path: join(made, `${room}.js`), external: true }
          : undefined,
      );
    }
  },
};

test("the package for browsers plays as the modules do that it is made of", async () => {
  await writePackage(made);
  const tests = ["client/server", "client/web", "client/session"];
  await build({
    entryPoints: tests.map((name) => ({
      in: join(dist, `${name}.test.js`),
      out: name.split("/")[1]!, // not a test for whoever looks for tests
    })),
    bundle: true,
    format: "esm",
    platform: "node",
    outdir: trial,
    plugins: [asInBrowsers],
  });
  for (const name of tests) {
    const file = join(trial, `${name.split("/")[1]}.js`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--experimental-websocket", "--test-reporter=tap", file],
      { env, encoding: "utf8" },
    );
    assert.equal(status, 0, stdout.slice(0, 5000));
    assert.match(stdout, /^# pass [1-9]/m);
  }
});

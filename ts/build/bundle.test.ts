import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
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
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const plays = async (name: string) => {
    const file = join(trial, `${name.split("/")[1]}.js`);
    const args = ["--experimental-websocket", "--test-reporter=tap", file];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env }).catch((e) =>
      assert.fail(`${e.stdout}`.slice(0, 5000)),
    );
    assert.match(stdout, /^# pass [1-9]/m);
  };
  await Promise.all(tests.map(plays)); // they wait more than they compute
});

import { rmSync } from "node:fs";
import { join } from "node:path";
import { dist, writePackage } from "./bundle.js";

// Writes what browsers import of the package.
const browser = join(dist, "browser");
rmSync(browser, { recursive: true, force: true });
await writePackage(browser);

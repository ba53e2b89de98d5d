import { maxSchemas } from "./constants.js";
import { want } from "./error.js";
import { lengthOf } from "./number.js";
import { type Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** A version of typed messages, and the digest of their forms in it. */
export interface Schema {
  version: number;
  digest: number;
}

/** Reads the item that lists them. */
export function readSchemas(r: Reader): Schema[] {
  const all: Schema[] = [];
  let last = 16384;
  do {
    const version = r.v();
    want(version > 0 && version < last && all.length < maxSchemas);
    all.push({ version, digest: r.u32() });
    last = version;
  } while (r.left > 0);
  return all;
}

/** The item that lists versions of typed messages. */
export function schemasItem(all: readonly Schema[]): Uint8Array {
  const w = new Writer(new Uint8Array(all.reduce((n, s) => n + lengthOf(s.version) + 4, 0)));
  for (const s of all) {
    w.v(s.version);
    w.u32(s.digest);
  }
  return w.written();
}

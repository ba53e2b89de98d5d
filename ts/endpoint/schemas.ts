import { SCHEMAS } from "../wire/constants.js";
import { readSchemas, schemasItem, type Schema } from "../wire/schemas.js";
import { Reader } from "../wire/reader.js";
import type { Hello } from "../wire/first.js";

const mostListed = 8;

/** Schemas are the versions of typed messages that an end has, the newest first. Who has none does not load this. */
export class Schemas {
  readonly newest: number;
  /** What HELLO says of them. */
  readonly item: Uint8Array;

  /** @param all at least one */
  constructor(private all: readonly Schema[]) {
    this.newest = all[0]!.version;
    this.item = schemasItem(all.slice(0, mostListed));
  }

  /** The newest that both ends have in the same form; our newest if the peer does not say. */
  common(peer: Hello): number | undefined {
    let schemas: Schema[] | undefined;
    for (const [kind, item] of peer.items) {
      if (kind === SCHEMAS) schemas = readSchemas(new Reader(item)); // what is said last counts
    }
    if (!schemas) return this.newest;
    const same = (s: Schema) =>
      schemas!.some((t) => t.version === s.version && t.digest === s.digest);
    return this.all.find(same)?.version;
  }
}

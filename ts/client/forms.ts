import { ascending, schemasOf, type Form } from "../endpoint/forms.js";
import { formDifference } from "../endpoint/mismatch.js";
import { Schemas } from "../endpoint/schemas.js";
import { ConfigError } from "../wire/config.js";
import type { ClientConfig } from "./config.js";

/** A Forms knows what the messages of typed channels look like; who has none does not load it. */
export interface Forms {
  /** What HELLO lists: the versions of all of them, if any says what it is, and their digests. Throws a ConfigError. */
  schemas(cfg: ClientConfig): Schemas | undefined;
  /** What differs from the forms of a peer, by the rows with which it refused them; undefined if these are of channels. */
  difference(cfg: ClientConfig, rows: Uint8Array): string | undefined;
}

const flagsAt = 3; // in a row
const known = /* @__PURE__ */ new WeakMap<ClientConfig, Schemas | undefined>();

const formsIn = (cfg: ClientConfig): Form[] =>
  cfg.channels.map((c) => ({ channel: c.config.id, schema: c.schema ?? [] }));

function schemasIn(cfg: ClientConfig): Schemas | undefined {
  const forms = formsIn(cfg);
  const { minSchemaVersion = 0 } = cfg;
  const newest = Math.max(0, ...ascending(forms).map((f) => f.schema.length));
  if (!(minSchemaVersion >= 0 && minSchemaVersion <= newest)) {
    const want = newest ? `1 to ${newest}, or 0 for all of them` : "0: no channel is typed";
    throw new ConfigError("minSchemaVersion", minSchemaVersion, want);
  }
  const all = schemasOf(forms, Math.max(minSchemaVersion, 1));
  return all.length > 0 ? new Schemas(all) : undefined;
}

/** The Forms of typed channels. */
export const forms: Forms = {
  schemas(cfg) {
    const all = known.get(cfg) ?? schemasIn(cfg);
    known.set(cfg, all);
    return all;
  },

  difference(cfg, rows) {
    if (!rows[flagsAt]) return undefined;
    return formDifference(formsIn(cfg), rows, Math.max(cfg.minSchemaVersion ?? 0, 1));
  },
};

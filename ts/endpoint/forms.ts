import { shortHash } from "../wire/first.js";
import type { Schema } from "../wire/schemas.js";

export const mostVersions = 8; // versions that HELLO lists

/** A Form is what the messages of a channel look like, in words, for each schema version from 1 on. */
export interface Form {
  channel: number;
  /** What a generated message has as `schema`. What comes after the last version is as that. */
  schema: readonly string[];
}

/** A Kind is one of the types of a registry. */
export interface Kind {
  number: number;
  /** Of the type; of one that says nothing of its form, its name. */
  name: string;
  schema?: readonly string[];
}

/** The form of a channel of several types, each behind its number; without texts if none of them says what its form is. */
export function registryOf(name: string, kinds: readonly Kind[]): string[] {
  const sorted = [...kinds].sort((a, b) => a.number - b.number);
  const newest = Math.max(0, ...sorted.map((k) => k.schema?.length ?? 0)); // 0: none says what its form is
  return Array.from({ length: newest }, (_, i) =>
    [name, ...sorted.map((k) => `${k.number} ${inOneLine(k, i + 1)}`)].join("\n"),
  );
}

function inOneLine(k: Kind, version: number): string {
  return k.schema?.length ? textOf(k.schema, version).replaceAll("\n", "; ") : k.name;
}

/** The text of a version. */
export function textOf(schema: readonly string[], version: number): string {
  return schema[Math.min(version, schema.length) - 1]!;
}

/** Those that say what they are, by channel. */
export function ascending(forms: readonly Form[]): Form[] {
  return forms.filter((f) => f.schema.length > 0).sort((a, b) => a.channel - b.channel);
}

/** What HELLO lists of the forms of all channels: the newest versions with their digests, none below the oldest. */
export function schemasOf(forms: readonly Form[], oldest = 1): Schema[] {
  const all: Schema[] = [];
  const sorted = ascending(forms);
  const newest = Math.max(0, ...sorted.map((f) => f.schema.length));
  for (let version = newest; version >= oldest && all.length < mostVersions; version--) {
    all.push({ version, digest: digestIn(sorted, version) });
  }
  return all;
}

function digestIn(sorted: readonly Form[], version: number): number {
  const encoder = new TextEncoder();
  const parts: number[] = [];
  for (const { channel, schema } of sorted) {
    const text = encoder.encode(textOf(schema, version));
    const n = text.length;
    parts.push(channel & 255, channel >> 8, n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
    for (const byte of text) parts.push(byte);
  }
  return shortHash(Uint8Array.from(parts));
}

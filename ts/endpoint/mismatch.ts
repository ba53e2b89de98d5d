import { Reader, rowBytes, shortHash } from "../wire/first.js";
import type { Schema } from "../wire/schemas.js";
import { ascending, mostVersions, schemasOf, textOf, type Form } from "./forms.js";

const rowOfVersion = 2;
const longestForm = 60; // of which is told
const nothing = "no difference in the rows that came";

/** Names the first type and field that differ, by the rows with which the peer has refused (SPEC.md, 6.4). */
export function formDifference(forms: readonly Form[], rows: Uint8Array, oldest = 1): string {
  const ours = schemasOf(forms, oldest);
  const theirs: Schema[] = [];
  let at = 0;
  for (; at + rowBytes <= rows.length && rows[at + 3] === rowOfVersion; at += rowBytes) {
    const r = new Reader(rows.subarray(at));
    const version = r.u16();
    r.skip(2);
    if (theirs.length < mostVersions) theirs.push({ version, digest: r.u32() });
  }
  const version = theirs[0]?.version ?? 0;
  if (at < rows.length && ours.some((s) => s.version === version)) {
    return differenceIn(ascending(forms), version, rows.subarray(at));
  }
  const older = (ours[0]?.version ?? 0) < version ? "this end" : "the peer";
  const both = `we have ${span(ours)}, the peer ${span(theirs)}`;
  return `typed messages: no version is common: ${both}: ${older} needs a newer release`;
}

function span(all: readonly Schema[]): string {
  const newest = all[0]?.version ?? 0;
  const oldest = all[all.length - 1]?.version ?? 0;
  return oldest === newest ? `${newest}` : `${oldest} to ${newest}`;
}

function differenceIn(sorted: readonly Form[], version: number, rows: Uint8Array): string {
  const where = `typed messages, version ${version}: `;
  const peer = readForms(rows);
  for (const { channel, schema } of sorted) {
    const lines = textOf(schema, version).split("\n");
    const their = peer.get(channel) ?? [];
    const known = their.includes(0) || [...peer.keys()].some((c) => c > channel);
    const hashes = their.includes(0) ? their.slice(0, their.indexOf(0)) : their;
    if (hashes.length === 0 && !known) return nothing;
    if (hashes.length === 0) {
      return `${where}channel ${channel} carries ${lines[0]} here, and says nothing of its form at the peer`;
    }
    const text = compare(channel, lines, hashes, known);
    if (text !== "") return where + text;
  }
  for (const channel of peer.keys()) {
    if (!sorted.some((f) => f.channel === channel)) {
      return `${where}channel ${channel} has a type with a form at the peer, and none here`;
    }
  }
  return nothing;
}

/** The hashes of each channel in the order of the rows, with the zeros behind the last one. */
function readForms(rows: Uint8Array): Map<number, number[]> {
  const all = new Map<number, number[]>();
  const r = new Reader(rows);
  while (r.left >= rowBytes) {
    const channel = r.u16();
    r.skip(2);
    const hashes = all.get(channel) ?? [];
    for (let i = 0; i < 4; i++) hashes.push(r.u16());
    all.set(channel, hashes);
  }
  return all;
}

/** The hash of a line, never 0, which stands for the end. */
function lineHash(line: string): number {
  return Math.max(1, shortHash(line) & 0xffff);
}

/** Whether a hash is not the one at a place, but the next. */
function follows(all: readonly number[], i: number, hash: number): boolean {
  return all[i] !== hash && all[i + 1] === hash;
}

/** What differs between a form and the hashes of the peer's, which are all there are, or not; "": nothing. */
function compare(
  channel: number,
  lines: readonly string[],
  peer: readonly number[],
  all: boolean,
): string {
  const ours = lines.slice(0, 1023).map(lineHash);
  const of = `${lines[0]} (channel ${channel})`;
  for (let i = 0; i < ours.length; i++) {
    const line = lines[i]!;
    const space = line.indexOf(" ");
    const field = `field ${space < 0 ? line : line.slice(0, space)} of ${of}`;
    if (i >= peer.length && !all) return "";
    if (i >= peer.length || (i > 0 && follows(ours, i, peer[i]!))) {
      return `${field} is not there at the peer`;
    }
    if (ours[i] === peer[i]) continue;
    if (i === 0) return `channel ${channel} carries ${line} here, and another type at the peer`;
    if (follows(peer, i, ours[i]!)) return `in front of ${field} the peer has another field`;
    const form = space < 0 ? "" : line.slice(space + 1, space + 1 + longestForm);
    return `${field} is ${form} here, and another one at the peer`;
  }
  return peer.length > ours.length
    ? `behind the last field of ${of} the peer has another field`
    : "";
}

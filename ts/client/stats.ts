import type { ChannelCounts, MessageCounts, Stats } from "../endpoint/event.js";
import type { PathState, PathUse } from "../endpoint/claims.js";
import { budget as bytesWithin } from "../endpoint/budget.js";
import { clockSamples as samplesOf, type ClockSample } from "../endpoint/clock.js";
import { rowsOf } from "../endpoint/config.js";
import { channelCounts, messageCounts } from "../endpoint/counts.js";
import { difference as between } from "../endpoint/difference.js";
import type { FullEndpoint } from "../endpoint/endpoint_full.js";
import type { FullWay as Path } from "../endpoint/way.js";
import type { Kind } from "../transport/way.js";
import type { Refusal } from "../netcode/packet.js";
import { readRows } from "../wire/rows.js";
import { formsOf } from "./config.js";
import type { Dialed } from "./dialed.js";
import type { Line } from "./line.js";
import { loaded } from "./loading.js";

// What nobody has to know: it loads when a game asks for numbers, and when a server refuses what differs.

/** There is nothing to learn: what there is to tell is counted in any case. */
export function learn(): void {}

/** PathStats are what was counted and measured of one path of a Conn. Times are milliseconds. */
export interface PathStats {
  /** Its number. */
  readonly path: number;
  /** What carries it; undefined: nothing does now. */
  readonly kind: Kind | undefined;
  /** Messages go over one that is active, or silent where there is no other. */
  readonly state: PathState;
  readonly use: PathUse;
  /** Smoothed, the shortest, the last, and the mean deviation. */
  readonly rtt: number;
  readonly minRtt: number;
  readonly latestRtt: number;
  readonly rttVar: number;
  /** The share of packets to the server that were lost lately, 0 to 1. */
  readonly lossOut: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly bytesInFlight: number;
  readonly windowBytes: number;
  /** At which packets are sent at most. */
  readonly bytesPerSecond: number;
}

/** ConnStats are what was counted and measured of a Conn, those of the path that messages take among them. */
export interface ConnStats extends Readonly<Stats>, Readonly<MessageCounts>, PathStats {
  /** Datagrams that were not authentic, or came before. */
  readonly datagramsDropped: number;
}

/** ChannelStats are what was counted of one channel of a Conn. */
export interface ChannelStats extends ChannelCounts {
  /** Milliseconds that a message sent now would wait if nothing else were sent, at the rate that the paths have. */
  readonly queueDelay: number;
}

/** The stats of one path. */
function pathStats(p: Path, line: Line): PathStats {
  const { rtt, claims } = p;
  return {
    path: p.id,
    kind: line.ways.get(claims.route)?.kind,
    state: claims.state,
    use: claims.use,
    rtt: rtt.sampled ? rtt.smooth / 1000 : 0,
    minRtt: rtt.min / 1000,
    latestRtt: rtt.latest / 1000,
    rttVar: rtt.sampled ? rtt.variance / 1000 : 0,
    lossOut: p.lossRate,
    packetsSent: p.packetsSent,
    packetsLost: p.packetsLost,
    bytesInFlight: p.inFlight,
    windowBytes: p.windowBytes,
    bytesPerSecond: p.bytesPerSecond,
  };
}

/** The endpoint of a peer, which counts all once it knows several ways: what that takes is loaded with this. */
function fullOf(of: Dialed): FullEndpoint | undefined {
  if (!of.full && !of.over) loaded.ways?.learn(of);
  return of.full;
}

/** That of one which is connected. */
const connected = (of: Dialed) => of.line && fullOf(of);

/** The stats of a connection; undefined before there is one. */
export function stats(of: Dialed): ConnStats | undefined {
  const end = connected(of);
  if (!end) return undefined;
  const { drops } = of.line!;
  const counts = { ...end.stats, ...messageCounts(end), datagramsDropped: drops };
  return { ...counts, ...pathStats(end.paths.lead, of.line!) };
}

/** The stats of each path that is not closed. */
export function paths(of: Dialed): PathStats[] {
  const open = connected(of)?.paths.all.filter((p) => p.claims.stage !== "closed") ?? [];
  return open.map((p) => pathStats(p, of.line!));
}

/** The stats of a channel; undefined: there is none. */
export function channelStats(of: Dialed, channel: number): ChannelStats | undefined {
  const end = connected(of);
  const counts = end && channelCounts(end, channel);
  let rate = 0;
  for (const p of end?.paths.all ?? []) if (end!.paths.carries(p)) rate += p.bytesPerSecond;
  return counts && { ...counts, queueDelay: (counts.queuedBytes * 1000) / Math.max(rate, 1) };
}

/** How many bytes of messages would leave within so many milliseconds. */
export function budget(of: Dialed, within: number, channel?: number): number {
  const full = fullOf(of);
  return full ? bytesWithin(full, of.now(), within * 1000, channel) : 0;
}

/** Exchanges of clocks since the last call. */
export function clockSamples(of: Dialed): readonly ClockSample[] {
  const full = fullOf(of);
  return full ? samplesOf(full) : [];
}

/** What the rows of a refusal differ in from the typed messages here, or the channels, for people. */
export function difference({ host: { cfg }, end }: Dialed, { rows }: Refusal): string {
  const types = formsOf(cfg)?.difference(cfg, rows);
  return types ?? between(rowsOf(end!.c.cfg.channels), readRows(rows));
}

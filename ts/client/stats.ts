import type { Endpoint } from "../endpoint/endpoint.js";
import type { ChannelCounts, MessageCounts, Stats } from "../endpoint/event.js";
import type { PathUse } from "../endpoint/claims.js";
import { learn } from "../endpoint/parts.js";
import type { FullWay as Path } from "../endpoint/way.js";
import type { Kind } from "../transport/way.js";
import type { Line } from "./line.js";

/** PathStats are what was counted and measured of one path of a Conn. Times are milliseconds. */
export interface PathStats {
  /** Its number. */
  readonly path: number;
  /** What carries it; undefined: nothing does now. */
  readonly kind: Kind | undefined;
  /** Messages may go over it. */
  readonly active: boolean;
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

/** The stats of a channel; undefined: there is none. */
export function statsOfChannel(end: Endpoint, channel: number): ChannelStats | undefined {
  const full = learn(end);
  const counts = full.channelCounts(channel);
  let rate = 0;
  for (const p of full.paths.all) if (full.paths.carries(p)) rate += p.bytesPerSecond;
  return counts && { ...counts, queueDelay: (counts.queuedBytes * 1000) / Math.max(rate, 1) };
}

/** The stats of one path. */
function pathStats(p: Path, line: Line): PathStats {
  const { rtt, claims } = p;
  return {
    path: p.id,
    kind: line.ways.get(claims.route)?.kind,
    active: claims.active,
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

/** The stats of each path that is not closed. */
export function statsOfPaths(end: Endpoint, line: Line): PathStats[] {
  const { all } = learn(end).paths;
  return all.filter((p) => p.claims.stage !== "closed").map((p) => pathStats(p, line));
}

/** The stats of a connection. */
export function statsOf(end: Endpoint, line: Line): ConnStats {
  const full = learn(end);
  const counts = { ...full.stats, ...full.messageCounts(), datagramsDropped: line.drops };
  return { ...counts, ...pathStats(full.lead, line) };
}

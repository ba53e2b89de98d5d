import { messageCharge, packetBytes, packetOverhead } from "./constants.js";
import type { FullEndpoint } from "./endpoint_full.js";
import type { FullSender } from "./sender_full.js";

const perMessage = 2; // beside its length, about: that, and a share of the header of a run
const furthest = 10_000_000; // microseconds that are looked ahead

/** How many bytes of a channel wait. */
function backlog({ queue, cutting }: FullSender): number {
  const rest = cutting ? cutting.size - cutting.sent : 0;
  return queue.charged - queue.length * (messageCharge - perMessage) + rest;
}

/** Whether what waits in a channel may go before what is sent now on another one, or is its own; undefined: on any. */
function inTheWay(s: FullSender, of: FullSender | undefined): boolean {
  return !of || s === of || (s.cfg.priority ?? 0) >= (of.cfg.priority ?? 0) || s.cfg.id === 0;
}

/**
 * About how many bytes of messages that are sent now would leave within a time, in microseconds, with all headers: as much as
 * congestion control, pacing and the limits of the peer allow, less what waits already.
 *
 * @param channel on which they are sent; undefined: on any
 */
export function budget(e: FullEndpoint, now: number, within: number, channel?: number): number {
  const { paths, outbox } = e;
  const of = channel === undefined ? undefined : outbox.senders.get(channel);
  e.at(now);
  if (!e.open || e.life.state === "away" || (channel !== undefined && !of)) return 0;
  const time = Math.min(Math.max(within, 0), furthest);
  let room = 0;
  for (const p of paths.all) if (paths.carries(p)) room += p.roomWithin(now, time);
  room = Math.min(room, outbox.roomWithin(now, time));
  let waits = 0;
  for (const s of outbox.senders.values()) {
    if (inTheWay(s, of)) waits += Math.min(backlog(s), s.bytes.within(now, time));
  }
  room -= waits + Math.ceil(waits / packetBytes) * packetOverhead;
  if (of) room = Math.min(room, of.bytes.within(now, time) - backlog(of));
  return Math.max(Math.floor(room), 0);
}

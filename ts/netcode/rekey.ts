import { maxPackets, type Sealer } from "./sealer.js";

const leastOfSeveral = 7_000_000; // an epoch where there was a second path

/**
 * Begins the next epoch of what is sealed (SPEC.md, 4), unless it is too early for the peer.
 *
 * @param acked the largest number of a path that was acknowledged; any path will do
 * @param probeTimeout the longest of all paths, in microseconds
 * @returns whether the keys changed
 */
export function changeKeys(
  s: Sealer,
  now: number,
  path: number,
  acked: number,
  probeTimeout: number,
): boolean {
  const log = s.log!;
  const least = Math.max(3 * probeTimeout, log.several ? leastOfSeveral : 0);
  const first = log.first[path];
  if (first === undefined || acked < first) return false;
  if (log.epochs > 0 && now - log.begunAt < least) return false;
  s.epoch = s.epoch.next();
  s.parity ^= 4;
  log.epochs++;
  log.first = [];
  s.left = maxPackets;
  return true;
}

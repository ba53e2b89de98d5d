// The parts that a game can begin without. Browsers load each as a chunk of its own when something asks for it:
// Dialed.need. All others build on ways.
const parts = {
  ways: () => import("./ways.js"),
  kept: () => import("./kept.js"),
  repair: () => import("./repair.js"),
  stats: () => import("./stats.js"),
};

/**
 * What a Client loads when something asks for it: "ways" for further transports and large messages, "kept" for tickets and
 * hand-overs, "repair" for losses, "stats" for what Conn.stats, paths, channelStats, budget and clockSamples tell.
 */
export type Part = keyof typeof parts;

/** What is loaded, for all Clients. */
export const loaded: { [P in Part]?: Awaited<ReturnType<(typeof parts)[P]>> } = {};

/** Loads a part, and what that builds on. */
export async function load(part: Part): Promise<void> {
  const [ways, more] = await Promise.all([parts.ways(), parts[part]()]);
  Object.assign(loaded, { ways, [part]: more });
}

/**
 * Loads parts before anything asks for them, for all Clients; all of them if none is named. A game that awaits it beside its login
 * has them from the beginning of a Conn on:
 *
 *     await Promise.all([login(), preload("stats")]);
 *
 * Rejects with what the browser says of one that could not be loaded; a Client that needs it asks again.
 */
export async function preload(...which: Part[]): Promise<void> {
  const all = which.length > 0 ? which : (Object.keys(parts) as Part[]);
  await Promise.all(all.map(load));
}

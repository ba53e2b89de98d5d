// The parts that a game can begin without. Browsers load each as a chunk of its own when something asks for it:
// Dialed.need. All others build on ways.
const parts = {
  ways: () => import("./ways.js"),
  kept: () => import("./kept.js"),
  repair: () => import("./repair.js"),
  stats: () => import("./stats.js"),
};

/** What a Client may load. */
export type Part = keyof typeof parts;

/** What is loaded, for all Clients. */
export const loaded: { [P in Part]?: Awaited<ReturnType<(typeof parts)[P]>> } = {};

/** Loads a part, and what that builds on. */
export async function load(part: Part): Promise<void> {
  const [ways, more] = await Promise.all([parts.ways(), parts[part]()]);
  Object.assign(loaded, { ways, [part]: more });
}

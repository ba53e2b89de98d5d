/** The parts that a game can begin without. */
export type Rest = typeof import("./rest.js");

/** They, once they are loaded. */
export let rest: Rest | undefined;

/** Loads them, for all Clients. */
export async function loadRest(): Promise<Rest> {
  return (rest ??= await import("./rest.js"));
}

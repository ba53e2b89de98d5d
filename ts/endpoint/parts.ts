/** What an endpoint needs of more than the way that it began with: most of it for ways that lose packets. */
export { Ladder } from "./ladder.js";
export { repair } from "./repair.js";

import { FullEndpoint } from "../endpoint/endpoint_full.js";
import { Climb } from "./climb.js";
import type { Dialed } from "./dialed.js";

// What a Client needs for more than the one way without losses on which it began. It loads when the server offers ways,
// when one ended, and when the endpoint asks for what it has to learn: a large message, options, a window that is too narrow.

/** Has an endpoint know several ways, and a connection look for them. */
export function learn(of: Dialed): void {
  of.full = of.end && FullEndpoint.of(of.end);
  if (!of.line || of.climb?.line === of.line) return;
  of.climb?.stop();
  of.climb = new Climb(of, of.line);
}

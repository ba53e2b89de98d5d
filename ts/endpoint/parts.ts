import { type Part } from "./config.js";
import { type Endpoint } from "./endpoint.js";
import { FullEndpoint } from "./endpoint_full.js";
import { learnKeeping } from "./keeping.js";
import { learnRepair } from "./repair.js";

/** What an endpoint may learn when it knows several ways, and losses. */
const lessons: Record<Part, (e: FullEndpoint) => unknown> = {
  ways: (e) => e,
  kept: learnKeeping,
  repair: learnRepair,
};

/** All of them. */
export const allParts = Object.keys(lessons) as Part[];

/** Has an endpoint know parts of what it can, by default all: {@link FullEndpoint}. */
export function learn(endpoint: Endpoint, ...parts: Part[]): FullEndpoint {
  const e = FullEndpoint.of(endpoint);
  for (const part of parts.length > 0 ? parts : allParts) lessons[part](e);
  return e;
}

import { type Endpoint } from "./endpoint.js";
import { FullEndpoint } from "./endpoint_full.js";

// What an endpoint needs for more than the way that it began with.

export { Ladder } from "./ladder.js";

/** Has an endpoint know all that it can: {@link FullEndpoint}. */
export const learn = (endpoint: Endpoint): FullEndpoint => FullEndpoint.of(endpoint);

/**
 * Opens what Go's package compress wrote: messages of channels that are compressed, as SPEC.md, section
 * 11, has them. Nothing else of the package needs this module, so who has no such channel does not load it.
 */
export { open } from "./open.js";
export { Dictionary } from "./dictionary.js";
export { OpenError, type Reason } from "./error.js";

/**
 * Puts two ends on one time: what the peer's clock shows, which tick the server is in, and when to show what
 * came from it. The names are those of Go's package timeline.
 *
 *     exchange of clocks ─▶ Clock ─▶ the peer's time now ─┬▶ Ticks   the tick to simulate, ahead of the server
 *                                                         └▶ Buffer  the values to draw, behind it
 *
 * Nothing in here reads a clock or knows the network. Times are numbers of microseconds since whatever zero
 * their clock has; now is of the own clock, and must not run backwards.
 */
export { Clock, type Sample } from "./clock.js";
export { Ticks, type TicksConfig } from "./ticks.js";
export { Buffer, type BufferConfig, type BufferStats, type View } from "./buffer.js";
export { Lead, type LeadConfig } from "./lead.js";
export { ConfigError } from "./error.js";

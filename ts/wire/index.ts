/**
 * The frames of packets, SPEC.md, 6, and what they consist of. Each kind has a function that appends it to
 * a {@link Writer} and one that takes it from a {@link Reader}; what breaks a rule is a {@link WireError}.
 */
export * from "./first.js";
export { exactOf } from "./exact.js";
export * from "./fragment.js";
export * from "./items.js";
export * from "./schemas.js";
export * from "./ranges.js";
export * from "./run.js";
export * from "./path.js";
export * from "./hold.js";
export * from "./repair.js";
export * from "./sum.js";
export * from "./control.js";
export { readRows } from "./rows.js";

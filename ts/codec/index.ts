/**
 * What generated message code calls: a {@link Writer} and a {@link Reader} of bits, as SPEC.md, section
 * 10, has them. The bits are those of Go.
 */
export { FieldError, type Reason } from "./error.js";
export { Writer } from "./writer.js";
export { Reader } from "./reader.js";
export { type Bits } from "./bits.js";
export { type Rotation, type Vector } from "./direction.js";
export { nearest, type AddrPort } from "./values.js";
export * from "./equal.js";
export * from "./copy.js";

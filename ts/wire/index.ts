/**
 * The frames of packets, SPEC.md, 6, and what they consist of. Each kind has a function that appends it to
 * a {@link Writer} and one that takes it from a {@link Reader}; what breaks a rule is a {@link WireError}.
 */
export { Code, WireError, want } from "./error.js";
export { hash, lengthOf, nearest, numberBytes, shortHash } from "./number.js";
export { Writer } from "./writer.js";
export { Reader } from "./reader.js";
export * from "./constants.js";
export { Ack, appendAck, readAck } from "./ack.js";
export * from "./message.js";
export * from "./frames.js";
export * from "./steering.js";
export * from "./hello.js";
export { channelRows, channelDigest, type ChannelRow } from "./row.js";
export { difference, readRows } from "./difference.js";
export * from "./address.js";
export * from "./control.js";
export { cleanText } from "./text.js";

/** Of SPEC.md, 6, what an endpoint needs from its first packet on; all of it is in index. */
export { Code, WireError, want } from "./error.js";
export { hash, lengthOf, nearest, numberBytes, shortHash } from "./number.js";
export { Writer } from "./writer.js";
export { Reader } from "./reader.js";
export * from "./constants.js";
export { Ack, appendAck, readAck } from "./ack.js";
export { Run, appendRun, readRun, type Key } from "./message.js";
export * from "./frames.js";
export * from "./hello.js";
export { channelRows, channelDigest, type ChannelRow } from "./row.js";
export * from "./address.js";
export { cleanText } from "./text.js";

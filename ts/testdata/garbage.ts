import assert from "node:assert/strict";
import { Session, type HeapProfiler } from "node:inspector/promises";

/** What functions of ours have allocated, whatever became of it, in bytes, by their names. */
function allocated(
  node: HeapProfiler.SamplingHeapProfileNode,
  ours: RegExp,
  all: Map<string, number>,
): void {
  const { url, functionName } = node.callFrame;
  if (ours.test(url)) all.set(functionName, (all.get(functionName) ?? 0) + node.selfSize);
  for (const child of node.children) allocated(child, ours, all);
}

/** What a run has allocated. */
export interface Garbage {
  readonly bytes: number;
  /** Of which functions, most first. */
  readonly by: readonly (readonly [name: string, bytes: number])[];
}

/** How much the functions of some files allocate in a run. */
export async function garbageOf(ours: RegExp, run: () => void | Promise<void>): Promise<Garbage> {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await run();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const all = new Map<string, number>();
  allocated(profile.head, ours, all);
  const by = [...all].sort((a, b) => b[1] - a[1]);
  return { bytes: by.reduce((n, [, bytes]) => n + bytes, 0), by };
}

/**
 * What a message may leave at most, of two that go either way: boxes around numbers, 16 bytes each, which the compiler makes in some
 * runs and not in others (0 to 23 bytes were measured). An array of what it is about, in one direction, is 65.
 */
const garbageOfMessage = 40;

/** What a packet may leave at most; likewise, 90 to 280 bytes were measured, of which views and the microtask that sends are most. */
const garbageOfPacket = 500;

/** What a packet leaves in a run: bytes, and in words of which functions. */
export type Left = readonly [bytes: number, what: string];

/**
 * Holds what a packet leaves that has one message, and what each message more does in one that has so many. Both are the least of some
 * runs: code that is not compiled yet boxes its numbers, and beside other work it is compiled late. So what seems too much is measured again.
 */
export async function leavesLittle(
  one: () => Promise<Left>,
  many: () => Promise<Left>,
  messages: number,
): Promise<void> {
  let [a, b] = [await one(), await many()];
  const ofMessage = () => (b[0] - a[0]) / (messages - 1);
  const little = () => a[0] < garbageOfPacket && ofMessage() < garbageOfMessage;
  for (let runs = 1; runs < 4 || (runs < 20 && !little()); runs++) {
    const [c, d] = [await one(), await many()];
    if (c[0] < a[0]) a = c;
    if (d[0] < b[0]) b = d;
  }
  assert.ok(a[0] < garbageOfPacket, `${a[0]} bytes a packet: ${a[1]}`);
  assert.ok(
    ofMessage() < garbageOfMessage,
    `${ofMessage()} bytes a message: ${b[1]}, with one: ${a[1]}`,
  );
}

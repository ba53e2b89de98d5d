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
export async function garbageOf(ours: RegExp, run: () => void): Promise<Garbage> {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  run();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const all = new Map<string, number>();
  allocated(profile.head, ours, all);
  const by = [...all].sort((a, b) => b[1] - a[1]);
  return { bytes: by.reduce((n, [, bytes]) => n + bytes, 0), by };
}

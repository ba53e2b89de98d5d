import { readSync, writeSync } from "node:fs";
import { readSymbol } from "../endpoint/symbol.js";
import { exactOf, readControl, Reader, WireError } from "../wire/index.js";
import { readFields, readPacket } from "../wire/vectors.test.js";

// Reads packets, messages of channel 0 and symbols, over standard input and output: a line of JSON has many in hex,
// each behind a word for what it is, and a line answers with what each holds, or with null for one that is malformed.
// So a program in another language can hold its own reading to it.

const readers: Record<string, (b: Uint8Array) => unknown> = {
  packet: readPacket,
  control: (b) => readFields(readControl(b)),
  symbol(b) {
    const { options, key, back, bytes, size } = readSymbol(new Reader(b), exactOf);
    const text = Buffer.from(bytes.subarray(0, size)).toString("hex");
    return { options, key: String(key ?? 0), back, bytes: text };
  },
};

function held(said: string): unknown {
  const [what, hex] = said.split(" ");
  try {
    return readers[what!]!(new Uint8Array(Buffer.from(hex!, "hex")));
  } catch (err) {
    if (!(err instanceof WireError)) throw err;
    return null;
  }
}

function answer(line: string): void {
  let out = Buffer.from(JSON.stringify((JSON.parse(line) as string[]).map(held)) + "\n");
  while (out.length > 0) out = out.subarray(writeSync(1, out));
}

const some = new Uint8Array(1 << 16);
let read = Buffer.alloc(0);
for (let n; (n = readSync(0, some)) > 0; ) {
  read = Buffer.concat([read, some.subarray(0, n)]);
  for (let end; (end = read.indexOf(10)) >= 0; read = read.subarray(end + 1)) {
    answer(read.toString("utf8", 0, end));
  }
}

import { type Dictionary } from "./dictionary.js";
import { OpenError } from "./error.js";
import { Input } from "./input.js";
import { blockLength, openBlock } from "./s2.js";
import { openFrame, readFrame } from "./zstd.js";

const none = new Uint8Array(0);

/**
 * Opens a message of a compressed channel (SPEC.md, section 11), into new memory.
 *
 * The length that the message says it has is held against most before there is memory for it, and it
 * gets no more; what is needed beside it is a block's literals, at most as long as the message, and
 * some kilobytes of tables. The time it takes is bounded by the two lengths. So most is the channel's
 * largest message.
 *
 * @param b the compressed message; it is only read
 * @param most how many bytes it may open to
 * @param dictionary that of the channel, if it has one
 * @throws an {@link OpenError}, and nothing else
 */
export function open(b: Uint8Array, most: number, dictionary?: Dictionary): Uint8Array {
  const input = new Input(b);
  const content = dictionary?.content ?? none;
  const kind = input.byte();
  switch (kind) {
    case 0:
      return input.take(within(input.left, most)).slice();
    case 1:
      return openBlock(input, within(blockLength(input), most), content);
    case 2: {
      const frame = readFrame(input);
      within(frame.length, most);
      return openFrame(input, frame, content);
    }
  }
  throw new OpenError("kind", kind, "0 to 2");
}

function within(length: number, most: number): number {
  if (!(length <= most)) throw new OpenError("large", length, `at most ${most} bytes`);
  return length;
}

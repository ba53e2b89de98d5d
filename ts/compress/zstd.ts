import { checksum } from "./checksum.js";
import { OpenError } from "./error.js";
import { type Tree } from "./huffman.js";
import { Input } from "./input.js";
import { mostOfBlock, readLiterals } from "./literals.js";
import { Output } from "./output.js";
import { Memory, readSequences } from "./sequences.js";

/** What the header of a frame says. */
export interface Frame {
  /** The opened length. */
  readonly length: number;
  /** Whether a checksum follows the blocks. */
  readonly checked: boolean;
}

const magic = 0xfd2fb528;

/** Reads the header of the only frame that a message may have: a single segment, and no dictionary's ID but 0. */
export function readFrame(input: Input): Frame {
  const first = input.number(4);
  if (first !== magic) throw new OpenError("frame", first, `the magic number ${magic}`);
  const flags = input.byte();
  if ((flags & 0x28) !== 0x20) throw new OpenError("frame", flags, "a single segment");
  const id = input.number([0, 1, 2, 4][flags & 3]!);
  if (id !== 0) throw new OpenError("frame", id, "a dictionary without an ID");
  const width = flags >> 6;
  if (width === 3) {
    const low = input.number(4);
    return { length: input.number(4) * 2 ** 32 + low, checked: (flags & 4) !== 0 };
  }
  const length = input.number(1 << width) + (width === 1 ? 256 : 0);
  return { length, checked: (flags & 4) !== 0 };
}

/** Opens the blocks of a frame, which end the message (RFC 8878, 3.1.1.2). */
export function openFrame(input: Input, frame: Frame, dictionary: Uint8Array): Uint8Array {
  const out = new Output(frame.length, dictionary);
  const blocks = new Blocks(out);
  while (!blocks.read(input));
  const opened = out.finish();
  if (frame.checked) {
    const want = input.number(4);
    const is = checksum(opened);
    if (is !== want) throw new OpenError("checksum", is, String(want));
  }
  if (input.left > 0) throw new OpenError("trailing", input.left);
  return opened;
}

/** Blocks are what a frame consists of, with what one leaves to the next. */
class Blocks {
  private tree: Tree | undefined;
  private readonly memory = new Memory();

  constructor(private readonly out: Output) {}

  /** Opens the next block, and reports whether it is the last. */
  read(input: Input): boolean {
    const head = input.number(3);
    const n = head >> 3;
    if (n > mostOfBlock) throw new OpenError("frame", n, `blocks of at most ${mostOfBlock} bytes`);
    switch ((head >> 1) & 3) {
      case 0:
        this.out.put(input.take(n));
        break;
      case 1:
        this.out.fill(input.byte(), n);
        break;
      case 2:
        this.compressed(new Input(input.take(n)));
        break;
      default:
        throw new OpenError("frame", 3, "a type of block that there is");
    }
    return (head & 1) === 1;
  }

  private compressed(block: Input): void {
    const before = this.out.at;
    const [literals, tree] = readLiterals(block, this.out.room, this.tree);
    this.tree = tree;
    readSequences(block, literals, this.memory, this.out);
    const n = this.out.at - before;
    if (n > mostOfBlock)
      throw new OpenError("frame", n, `blocks that open to ${mostOfBlock} bytes`);
  }
}

import { nearest } from "../wire/number.js";
import { Window } from "../wire/window.js";
import { Epoch } from "./epoch.js";
import type { Epochs } from "./epochs.js";
import type { Pad } from "./pad.js";

/** An Opener opens the DATA packets that come of a connection (SPEC.md, 4 and 5). */
export class Opener {
  /** That of the packet that was opened last. */
  number = 0;
  /** The first. */
  readonly epoch: Epoch;
  /** All of them, once they are loaded; until then what is not of the first is dropped, and comes again. */
  epochs: Epochs | undefined;
  private readonly seen: Window[] = []; // by path

  constructor(
    pad: Pad,
    secret: Uint8Array,
  ) {
    this.epoch = new Epoch(pad, secret);
  }

  /**
   * Opens a packet in place.
   *
   * @param path on which it came
   * @returns its frames, undefined if it is to be dropped
   */
  open(now: number, b: Uint8Array, path: number): Uint8Array | undefined {
    const { epochs } = this;
    const numberBytes = (b[0]! & 3) + 1;
    const header = 1 + numberBytes;
    if (b[0]! >> 3 !== 1) return undefined;
    let low = 0;
    for (let i = numberBytes; i > 0; i--) low = low * 256 + b[i]!;
    const seen = (this.seen[path] ??= new Window());
    const number = nearest(seen.next, low, 8 * numberBytes);
    if (!seen.fresh(number)) return undefined;
    const parity = b[0]! & 4;
    const epoch = epochs ? epochs.of(now, parity, path, seen.next - 1, number) : !parity && this.epoch;
    const frames = epoch && epoch.aead.open(epoch.nonce(path, number), b, header);
    if (!frames) return undefined;
    epochs?.opened(now, epoch, path, number);
    seen.mark(number);
    this.number = number;
    return frames;
  }
}

import { Epoch } from "./epoch.js";
import type { Log } from "./log.js";
import type { Pad } from "./pad.js";

/** How many packets are sealed under one key. */
export const maxPackets = 2 ** 22;

/** A Sealer makes the DATA packets of a connection (SPEC.md, 1 and 4). */
export class Sealer {
  epoch: Epoch;
  /** The bit of it in packets: 4 in each second one. */
  parity = 0;
  /** How many packets are left to its keys; none: they are to be changed, see {@link changeKeys}. */
  left = maxPackets;
  /** Notes what was sealed, once it is loaded. */
  log: Log | undefined;
  private readonly packet: Uint8Array;

  /** @param id the connection id */
  constructor(
    private readonly pad: Pad,
    secret: Uint8Array,
    readonly id: Uint8Array,
    maxDatagram = 1500,
  ) {
    this.epoch = new Epoch(pad, secret);
    this.packet = new Uint8Array(maxDatagram + pad.tagBytes);
  }

  /** Seals frames. What it returns is valid until the next call. */
  seal(
    now: number,
    path: number,
    number: number,
    numberBytes: number,
    frames: Uint8Array,
  ): Uint8Array {
    this.left--;
    const p = this.packet;
    p[0] = 8 | this.parity | (numberBytes - 1);
    p.set(this.id, 1);
    let header = this.id.length;
    p[header++]! |= path; // in the last byte of the id
    for (let i = 0, v = number; i < numberBytes; i++, v /= 256) p[header++] = v % 256;
    p.set(frames, header);
    const end = header + frames.length;
    this.epoch.aead.seal(this.epoch.nonce(path, number), p, header, end);
    const sealed = p.subarray(0, end + this.pad.tagBytes);
    this.log?.sealed(now, path, number, sealed);
    return sealed;
  }
}

import { DROPPABLE, lengthOf, type Key } from "../wire/first.js";
import { QUEUED, messageCharge } from "./constants.js";
import { type Ranges } from "./ranges.js";

const keptBytes = 2048; // of a message that is used again

/** A Message is one on its way out. */
export class Message {
  bytes = new Uint8Array(0);
  size = 0;
  receipt = 0;
  state: number = QUEUED;
  id = 0;
  /** Packets in flight that carry it whole. */
  flying = 0;
  /** Records of packets that name it: as long as there are any it is not used for another one. */
  named = 0;
  resend = false;
  /** Of a droppable: where it stands among those that were started. */
  slot = 0;
  /** How often it was sent, or a part of it that was lost. */
  attempts = 0;
  expires = Infinity;
  options = 0;
  key: Key | undefined = undefined;
  /** A newer value of its key was started. */
  superseded = false;
  /** The group of the channel, and its first id. */
  group = 0;
  first = 0;
  /** Of a droppable: its place among those before its id. */
  index = 0;
  /** It goes in fragments: how much was sent once, what arrived, what was lost. */
  cut = false;
  sent = 0;
  readonly acked: Ranges = [];
  readonly lost: Ranges = [];
  /** All has arrived, and STORED is waited for until then; 0: it is not. */
  storedBy = 0;

  get charge(): number {
    return this.size + messageCharge;
  }

  /** What it takes in a run. */
  get room(): number {
    return lengthOf(this.size) + this.size + (this.key === undefined ? 0 : lengthOf(this.key));
  }

  get droppable(): boolean {
    return (this.options & DROPPABLE) > 0;
  }

  /** Copies what it is to carry, behind a prefix. */
  fill(bytes: Uint8Array, prefix: number): void {
    this.size = bytes.length + prefix;
    if (this.bytes.length < this.size) this.bytes = new Uint8Array(this.size);
    this.bytes[0] = 0;
    this.bytes.set(bytes, prefix);
  }

  /** Forgets what is not sent any more. */
  free(): void {
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(0);
  }

  reset(): void {
    this.free();
    Object.assign(this, blank);
    this.acked.length = this.lost.length = 0;
  }
}

/** What a message is like that nobody has used, but for its memory. */
const { bytes: _bytes, acked: _acked, lost: _lost, ...blank } = new Message();

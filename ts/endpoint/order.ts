import { want } from "../wire/index.js";
import { maxOpen, messageCharge } from "./constants.js";
import { type Common } from "./common.js";
import { type Channel } from "./config.js";
import { type Head } from "./head.js";

const maxWaiting = 1024; // droppables that wait for their turn

/** What an Order needs of its channel. */
export interface Ordered {
  readonly lowest: number;
  deliver(bytes: Uint8Array): void;
}

interface Waiting {
  id: number;
  index: number;
  first: number;
  bytes: Uint8Array;
}

/** An Order keeps the messages of an ordered channel until it is their turn: SPEC.md, 6.6. */
export class Order {
  /** What droppables take, here, in the game's hands and unfinished. */
  held = 0;
  private waiting: Waiting[] = []; // by place
  private droppables: Waiting[] = [];
  private unread = new Set<Uint8Array>(); // droppables that wait for the game
  private passedId: number; // what comes before this place is late
  private passedIndex = 0;
  private readonly budget: number;

  constructor(
    private c: Common,
    cfg: Channel,
    private of: Ordered,
  ) {
    this.passedId = of.lowest;
    this.budget = Math.max(256 << 10, cfg.largest + messageCharge);
  }

  /** Takes a message whose id was missing. */
  message(h: Readonly<Head>, bytes: Uint8Array): void {
    if (h.first <= this.of.lowest) this.deliver(h.id, bytes);
    else insert(this.waiting, { id: h.id, index: 0, first: h.first, bytes });
  }

  private deliver(id: number, bytes: Uint8Array): void {
    this.passDroppables(id + 1, 0);
    this.pass(id + 1, 0);
    this.of.deliver(bytes);
  }

  /** Delivers what no longer waits for a missing id. */
  moved(): void {
    const { waiting } = this;
    while (waiting.length > 0 && waiting[0]!.first <= this.of.lowest) {
      const { id, bytes } = waiting.shift()!;
      this.deliver(id, bytes);
    }
    this.passDroppables(0, this.of.lowest + 1);
  }

  private pass(id: number, index: number): void {
    if (!this.before(id, index)) [this.passedId, this.passedIndex] = [id, index];
  }

  private before(id: number, index: number): boolean {
    return id < this.passedId || (id === this.passedId && index < this.passedIndex);
  }

  /** Whether something was delivered that comes after a droppable. */
  late(h: Readonly<Head>): boolean {
    return this.before(h.id, h.index);
  }

  /** Whether a droppable, or a part of one, is of use. */
  wants(h: Readonly<Head>): boolean {
    want(h.id <= this.of.lowest + maxOpen);
    if (this.late(h)) this.c.stats.messagesStale++;
    return !this.late(h);
  }

  /** Takes a whole droppable. */
  droppable(h: Readonly<Head>, bytes: Uint8Array): void {
    const bytesHeld = bytes.length + messageCharge;
    if (!this.makeRoom(bytesHeld)) return;
    const d = { id: h.id, index: h.index, first: h.first, bytes };
    if (h.first <= this.of.lowest) {
      this.held += bytesHeld;
      this.deliverDroppable(d);
    } else if (this.droppables.length >= maxWaiting || !insert(this.droppables, d)) {
      this.c.stats.messagesOverflowed++;
    } else {
      this.held += bytesHeld;
    }
  }

  full(bytes: number): boolean {
    return this.held + bytes > this.budget;
  }

  /** Drops droppables that wait for their turn until bytes more fit; false: the game has not taken so many. */
  makeRoom(bytes: number): boolean {
    while (this.full(bytes) && this.droppables.length > 0) {
      this.held -= this.droppables.shift()!.bytes.length + messageCharge;
      this.c.stats.messagesOverflowed++;
    }
    if (this.full(bytes)) this.c.stats.messagesOverflowed++;
    return !this.full(bytes);
  }

  /** Delivers those that wait before an id below end, or whose group begins below began. */
  private passDroppables(end: number, began: number): void {
    const { droppables } = this;
    while (droppables.length > 0 && (droppables[0]!.id < end || droppables[0]!.first < began)) {
      this.deliverDroppable(droppables.shift()!);
    }
  }

  private deliverDroppable({ id, index, bytes }: Waiting): void {
    if (this.before(id, index)) {
      this.held -= bytes.length + messageCharge;
      this.c.stats.messagesDuplicate++;
      return;
    }
    this.pass(id, index + 1);
    this.unread.add(bytes);
    this.of.deliver(bytes);
  }

  /** The game took a message; true: it was a droppable, which costs no credit. */
  took(bytes: Uint8Array): boolean {
    if (!this.unread.delete(bytes)) return false;
    this.held -= bytes.length + messageCharge;
    return true;
  }
}

/** Puts a message into its place; false: there is one already. */
function insert(all: Waiting[], w: Waiting): boolean {
  let i = all.length;
  while (i > 0 && (all[i - 1]!.id > w.id || (all[i - 1]!.id === w.id && all[i - 1]!.index > w.index)))
    i--;
  const before = all[i - 1];
  if (before?.id === w.id && before.index === w.index) return false;
  all.splice(i, 0, w);
  return true;
}

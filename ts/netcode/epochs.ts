import type { Epoch } from "./epoch.js";

const oldKeys = 6_000_000; // how long what was sealed before a change is opened
const leastEpoch = 1000;

/** Where a path is. */
interface Inbound {
  /** In which a packet came last. */
  epoch: number;
  /** Number of the one that came first in that. */
  first: number;
}

/** Epochs are those of what comes of a connection, as the peer changes its keys (SPEC.md, 4). */
export class Epochs {
  private old: Epoch | undefined;
  private next: Epoch; // derived ahead, so that no forgery has it derived
  private count = 0; // how many came before now
  private changedAt = 0;
  private readonly paths: Inbound[] = [];

  /** @param now the first, of which all packets were that came before */
  constructor(private now: Epoch) {
    this.next = now.next();
  }

  /** Notes that a packet was opened with an epoch. */
  opened(now: number, epoch: Epoch, path: number, number: number): void {
    const p = (this.paths[path] ??= { epoch: -1, first: 0 });
    const of = epoch === this.old ? this.count - 1 : epoch === this.now ? this.count : this.turn(now);
    if (of > p.epoch) {
      p.epoch = of;
      p.first = number;
    }
  }

  /** Begins the next one. */
  private turn(now: number): number {
    this.old = this.now;
    this.now = this.next;
    this.next = this.next.next();
    this.changedAt = now;
    return ++this.count;
  }

  /**
   * The one that a packet must be of; undefined if it is of none.
   *
   * @param parity the bit of it in the packet
   * @param largest number that came on its path; −1: none came
   */
  of(now: number, parity: number, path: number, largest: number, number: number): Epoch | undefined {
    const { epoch = 0, first = 0 } = this.paths[path] ?? {};
    if (this.old && now - this.changedAt >= oldKeys) this.old = undefined;
    if (parity === (this.count & 1) << 2) return this.now;
    const heard = largest >= 0 && epoch === this.count;
    if (this.old && (!heard || number < first)) return this.old;
    if (heard && number <= largest) return undefined;
    return this.count > 0 && now - this.changedAt < leastEpoch ? undefined : this.next;
  }
}

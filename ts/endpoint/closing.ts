import { never, second } from "./constants.js";

const closeFor = 3 * second;
const tombstoneFor = second; // at least

/** A Closing is the end of a connection under way, where a CLOSE may be lost: SPEC.md, 7.9. */
export class Closing {
  /** CLOSE is answered; nothing else is known any more. */
  tombstone = false;
  /** When it is over. */
  until = 0;
  /** When CLOSE is to be sent, again and again. */
  sendAt = never;
  /** The path on which an answer is owed; -1: none is. */
  answerOn = -1;

  /** This side closes. */
  begin(now: number): void {
    this.sendAt = now;
    this.until = now + closeFor;
  }

  /** Both sides know of the end. */
  bury(now: number, patience: number): void {
    this.tombstone = true;
    this.sendAt = never;
    this.until = now + Math.max(tombstoneFor, 3 * patience);
  }

  deadline(): number {
    return this.answerOn >= 0 ? -never : Math.min(this.sendAt, this.until);
  }
}

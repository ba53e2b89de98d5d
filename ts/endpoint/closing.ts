import { appendClose, Code, maxText, type Writer } from "../wire/first.js";
import { never, second } from "./constants.js";

const closeFor = 3 * second;
const tombstoneFor = second; // at least
const noRows = new Uint8Array(0);

/** A Closing is the end of a connection under way: SPEC.md, 7.9. */
export class Closing {
  /** CLOSE is answered; nothing else is known any more. */
  tombstone = false;
  /** When it is over. */
  until = 0;
  /** When CLOSE is to be sent, again and again. */
  sendAt = never;
  /** The path on which an answer is owed; -1: none is. */
  answerOn = -1;
  private code = 0;
  private text: Uint8Array = noRows;

  /** This side closes. */
  begin(now: number, code: number, text: string): void {
    const local = code >= Code.timeout && code < Code.application;
    this.code = local ? Code.none : code;
    const bytes = new Uint8Array(maxText);
    this.text = bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
    this.sendAt = now;
    this.until = now + closeFor;
  }

  /** Both sides know of the end. */
  bury(now: number, patience: number): void {
    this.tombstone = true;
    this.sendAt = never;
    this.until = now + Math.max(tombstoneFor, 3 * patience);
  }

  /** Appends CLOSE. */
  write(w: Writer): void {
    appendClose(w, { code: this.code, text: this.text, rows: noRows });
  }

  deadline(): number {
    return this.answerOn >= 0 ? -never : Math.min(this.sendAt, this.until);
  }
}

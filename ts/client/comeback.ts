import type { Session } from "../netcode/handshake.js";
import { refusal, type Refusal } from "../netcode/packet.js";
import type { Ticket } from "../netcode/ticket.js";
import type { Way } from "../transport/way.js";
import { Code } from "../wire/error.js";
import { Attempt } from "./attempt.js";
import type { Wallet } from "./wallet.js";

const leastPause = 1_000_000;
const mostPause = 5_000_000;

/** What passes, so that it is of use to try again (SPEC.md, 3.6). */
const passing: readonly number[] = [
  Code.timeout,
  Code.unreachable,
  Code.full,
  Code.connected,
  Code.goingAway,
  Code.tooFast,
  Code.internal,
];

/** A Returner is who comes back. */
export interface Returner {
  /** Begins to show a ticket. */
  show(ticket: Ticket): Attempt;
  /** The server lets us in. */
  letIn(session: Session, way: Way): void;
  /** There is no coming back. */
  giveUp(why: Refusal | undefined): void;
}

/**
 * A Comeback is how a Conn returns to a server that it has lost, with the tickets that it was given:
 *
 *     trying ⇄ pausing      until it is let in, refused for good, or the time is over
 *
 * Meanwhile the old connection is there as ever, and whatever comes of it ends the comeback.
 */
export class Comeback {
  private attempt: Attempt | undefined;
  private shown: Ticket | undefined;
  private pause = 0;

  /** @param until when to give up */
  constructor(
    private readonly of: Returner,
    private readonly wallet: Wallet,
    private at: number,
    private readonly until: number,
  ) {}

  deadline(): number {
    return Math.min(this.until, this.attempt?.deadline() ?? this.at);
  }

  /** Does what is due. */
  handleTimeout(now: number): void {
    const { of, attempt } = this;
    if (now >= this.until) return this.end(undefined);
    if (!attempt) {
      if (now < this.at) return;
      this.shown = this.wallet.next!;
      try {
        this.attempt = of.show(this.shown);
      } catch (e) {
        return this.refused(now, refusal(Code.unreachable, (e as Error).message)); // the transport has no way now
      }
      return this.attempt.handleTimeout(now);
    }
    attempt.handleTimeout(now);
    const session = attempt.shake?.session;
    const why = attempt.refusal;
    if (session) {
      of.letIn(session, attempt.way);
    } else if (why) {
      this.stop();
      this.refused(now, why);
    }
  }

  /** Goes on after a refusal: with the other ticket, after a pause, or not at all. */
  private refused(now: number, why: Refusal): void {
    if (why.code === Code.used || why.code === Code.expired) {
      if (!this.wallet.drop(this.shown!)) return this.end(why);
      this.at = now;
    } else if (passing.includes(why.code)) {
      this.pause = Math.min(Math.max(2 * this.pause, leastPause), mostPause);
      this.at = now + Math.max(this.pause, why.retryAfter * 1e6);
    } else {
      this.end(why);
    }
  }

  private end(why: Refusal | undefined): void {
    this.stop();
    this.of.giveUp(why);
  }

  /** Ends what is under way. */
  stop(): void {
    this.attempt?.close();
    this.attempt = undefined;
  }
}

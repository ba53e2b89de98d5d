import { Claims, type PathState, type Stage } from "./claims.js";

/** In the order in which PATH_STATUS numbers them (SPEC.md, 6.8). */
export const pathUses = ["share", "reserve", "abandon", "copy"] as const;

/** The FullClaims of a path are also what it asks and owes, beside others. */
export class FullClaims extends Claims {
  weight = 1;
  /** Of the newest PATH_STATUS about it. */
  serial = 0;
  /** PATH_STATUS is to be sent. */
  statusDue = false;
  /** Challenges that are to be answered: the oldest first. */
  replies: bigint[] = [];
  /** The challenges that open it, and when they went. */
  tokens: bigint[] = [];
  times: number[] = [];
  /** When the next challenge is due; after the last, when nobody waits for an answer any more. */
  askAt = Infinity;
  /** When it is asked by a PING, having failed. */
  retryAt = Infinity;
  retryWait = 0;
  /** When one that failed was asked last; -Infinity: not since then. */
  retriedAt = -Infinity;
  /** Its owner knows that nobody answers on the only path. */
  silent = false;
  /** Bytes of messages that went over it, by its weight, and whether it could take none lately. */
  served = 0;
  waits = false;

  /** Begins a stage, with what all have in common. */
  become(stage: Stage): void {
    this.stage = stage;
    this.retryAt = Infinity;
    this.silent &&= this.active;
  }

  /** The peer has answered since it was opened, and nobody has given it up. */
  get proven(): boolean {
    return this.active || this.stage === "failed";
  }

  get state(): PathState {
    if (this.silent) return "silent";
    if (this.active) return "active";
    return this.stage as "opening" | "failed" | "closed";
  }

  /** How well it suits messages: the lowest is best, 4 does not. One that owes an answer is worse than one in reserve. */
  get rank(): number {
    if (!this.active) return 4;
    return (this.use === "reserve" ? 1 : 0) + (this.stage === "well" ? 0 : 2);
  }
}

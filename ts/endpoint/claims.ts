import { noRoute } from "./constants.js";

/**
 * A PathUse says what a path is for, beside others: messages go over all that share, by their weights; what
 * goes over another path goes over those that copy too; over those in reserve nothing goes while another lives.
 */
export type PathUse = "share" | "reserve" | "copy";

/** What the owner of a path is told of it. */
export type PathState = "opening" | "active" | "silent" | "failed" | "closed";

/**
 * A Stage is where a path is in its life (SPEC.md, 7.15): well, suspect and dead are active.
 *
 *     closed → opening → well ⇄ suspect → dead → failed
 */
export type Stage = "closed" | "opening" | "well" | "suspect" | "dead" | "failed";

/** The Claims of a path are what it is for, and where it goes. */
export class Claims {
  stage: Stage = "closed";
  /** The number of the way that carries it; {@link noRoute}. */
  route = noRoute;
  use: PathUse = "share";
  /** When anything came. */
  heardAt = 0;

  get active(): boolean {
    return this.stage === "well" || this.stage === "suspect" || this.stage === "dead";
  }
}

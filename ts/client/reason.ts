import type { Refusal } from "../netcode/packet.js";
import { Code } from "../wire/error.js";

/** Codes after which it is of use to come again, with another token. */
const needToken: readonly number[] = [
  Code.expired,
  Code.tooEarly,
  Code.goingAway,
  Code.pad,
  Code.used,
  Code.internal,
  Code.timeout,
  Code.forgotten,
];

/** Codes after which the same token may do. */
const passing: readonly number[] = [Code.full, Code.connected, Code.unreachable];

/** What codes are called: those that travel from 0 on, and those of this side from 64 on. */
const names = [
  "closed|protocol|flow|version|mismatch|full|banned|expired|too early|wrong address|replaced|going away|pad|suite|too fast|refused|used|internal|connected|too long",
  "timeout|forgotten||unreachable",
].map((some) => some.split("|"));

/** A Reason says why a connection ended, and which side decided. */
export class Reason {
  /**
   * @param text for people, in the words of who decided
   * @param remote the peer decided
   * @param retryAfter seconds after which a server that refused us advises to try again; 0: no advice
   */
  constructor(
    readonly code: number,
    readonly text = "",
    readonly remote = false,
    readonly retryAfter = 0,
  ) {}

  /** Whether it is of use to connect again, after retryAfter: what was in the way passes, or another token will do. */
  get retry(): boolean {
    return passing.includes(this.code) || this.retryAfter > 0 || this.needsToken;
  }

  /** Whether it takes another connect token to connect again. */
  get needsToken(): boolean {
    return needToken.includes(this.code);
  }

  /** For people: what it was, who decided, and what would help. */
  toString(): string {
    const { code, text, remote, retryAfter } = this;
    const name = names[code >> 6]?.[code & 63] || `code ${code}`;
    const said = `${name}${text && ": "}${text} (by ${remote ? "the peer" : "this side"})`;
    const after = retryAfter ? ` after ${retryAfter} s` : "";
    return this.retry
      ? `${said}; try again${after}${this.needsToken ? " with another connect token" : ""}`
      : said;
  }
}

/** A refusal as a Reason: codes below 64 are the server's. */
export const reasonOf = (why: Refusal, text = why.text) =>
  new Reason(why.code, text, why.code < Code.timeout, why.retryAfter);

/** What can be wrong with a compressed message. */
export type Reason =
  | "short"
  | "trailing"
  | "kind"
  | "large"
  | "length"
  | "offset"
  | "frame"
  | "table"
  | "checksum"
  | "dictionary";

const texts: Record<Reason, string> = {
  short: "it ends early",
  trailing: "bytes follow its end",
  kind: "a kind that there is not",
  large: "it opens to more than the limit",
  length: "it opens to another length than it says",
  offset: "a copy from where nothing is",
  frame: "a frame of Zstandard that no message has",
  table: "a table of Zstandard that cannot be",
  checksum: "it opens to bytes with another checksum",
  dictionary: "the dictionary is none, or damaged",
};

/** An OpenError says why a message does not open, or a dictionary cannot be read. */
export class OpenError extends Error {
  override readonly name = "OpenError";

  /**
   * @param reason what is wrong
   * @param value what came; undefined if that says nothing
   * @param want what would be right; may be empty
   */
  constructor(
    readonly reason: Reason,
    readonly value?: number,
    readonly want = "",
  ) {
    super(
      `compress: ${texts[reason]}` +
        (value === undefined ? "" : ` (${value})`) +
        (want === "" ? "" : `, want ${want}`),
    );
  }
}

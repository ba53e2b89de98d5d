/** What can be wrong with a field, in the words of SPEC.md, 10.4. */
export type Reason =
  "short" | "trailing" | "padding" | "range" | "too long" | "form" | "order" | "union" | "zone";

const texts: Record<Reason, string> = {
  short: "the message ends before its last field",
  trailing: "bytes follow the message",
  padding: "the bits behind the message are not zero",
  range: "out of range",
  "too long": "too long",
  form: "a number is not in its shortest form",
  order: "keys of a map are not in ascending order",
  union: "not one of the union's types",
  zone: "an address with a zone",
};

/** A FieldError says which field could not be written or read, and why. */
export class FieldError extends Error {
  override readonly name = "FieldError";

  /**
   * @param field as `Type.Field` in Go's spelling; the type alone for what concerns all of the message
   * @param reason what is wrong
   * @param value what the field held, or came; undefined if that says nothing
   * @param want what would be right; may be empty
   */
  constructor(
    readonly field: string,
    readonly reason: Reason,
    readonly value?: unknown,
    readonly want = "",
  ) {
    super(
      `codec: ${field}` +
        (value === undefined ? "" : ` (${String(value)})`) +
        `: ${texts[reason]}` +
        (want === "" ? "" : `, want ${want}`),
    );
  }
}

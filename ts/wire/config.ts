/** A ConfigError names what cannot be: the field of a configuration, or a parameter, what it is, and what would do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(
    /** The way to it from what the caller gave, as in channels[2].delivery. */
    readonly field: string,
    readonly value: unknown,
    readonly want: string,
  ) {
    const text = typeof value === "string" ? `"${value}"` : String(value);
    super(`tickwire: ${field} is ${text}: want ${want}`);
  }
}

/**
 * What a field may be: a whole number up to another one, which is negative if those below 0 are fine too; or one of some words and
 * types, with "or" between.
 */
type Rule = number | string;

/** Rules have one for each field. The first two are needed; of the others 0, or nothing, is a default. */
export type Rules<T> = { readonly [Name in keyof Required<T>]: Rule };

/** Holds the fields of a configuration, which stand at somewhere, against rules; one that has none is misspelt. */
export function checkFields<T extends object>(of: T, rules: Rules<T>, at = ""): void {
  let n = 0;
  for (const name in { ...rules, ...of }) {
    const v = of[name] as unknown as number;
    const rule: Rule = rules[name] ?? Object.keys(rules).join(" or ");
    const most = Math.abs(+rule);
    const right = most
      ? Number.isInteger(v) && v <= most && (v >= 0 || +rule < 0)
      : `${rule}`.split(" or ").some((one) => one === typeof v || one === (v as unknown));
    if ((n++ < 2 || v || v !== v) && !right) // only NaN is not itself
      throw new ConfigError(at + name, v, most ? `a whole number up to ${most}` : `${rule}`);
  }
}

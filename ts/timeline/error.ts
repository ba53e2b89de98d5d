/** A ConfigError names what cannot be: the field of a configuration, what it is, and what would do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly want: string,
  ) {
    super(`timeline: ${field} is ${String(value)}, want ${want}`);
  }
}

/** Wants something of a field. */
export function check(right: boolean, field: string, value: unknown, want: string): void {
  if (!right) throw new ConfigError(field, value, want);
}

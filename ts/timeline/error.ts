import { ConfigError } from "../wire/config.js";

export { ConfigError };

/** Wants something of a field. */
export function check(right: boolean, field: string, value: unknown, want: string): void {
  if (!right) throw new ConfigError(field, value, want);
}

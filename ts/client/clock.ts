/** A Clock is where a Client has its time from; a test has one of its own. */
export interface Clock {
  /** Microseconds since anything, as a whole number that never goes back. */
  now(): number;
  /** Seconds since 1970. */
  unix(): number;
  /**
   * Calls f once, after so many milliseconds, at once if they are negative; what it returns is for cancel. A Client asks for no
   * more than a billion, which setTimeout takes.
   */
  after(milliseconds: number, f: () => void): unknown;
  cancel(timer: unknown): void;
}

/** The clock of browsers and of Node. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.now() * 1000),
  unix: () => Date.now() / 1000,
  after: (milliseconds, f) => setTimeout(f, milliseconds),
  cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Bytes that nobody can guess. */
export const systemRandom = (n: number) => crypto.getRandomValues(new Uint8Array(n));

/** Exit codes of every `bidi` command. */
export const ExitCode = {
  /** It worked, or every check passed. */
  OK: 0,
  /** It ran and the result is negative: a check failed, a stream broke, an endpoint is not there. */
  FAILED: 1,
  /** The command could not run: invalid arguments, a missing file, no credentials. */
  USAGE: 2,
  /** Ended by Ctrl-C. */
  INTERRUPTED: 130,
} as const;

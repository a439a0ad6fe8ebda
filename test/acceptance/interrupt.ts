/** A signal that ends the process only if it comes a second time. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns the first signal that would end this process into an abort, so that what has to be put in order can be; the second ends the process.
 *
 * @param message is written to stderr at the first
 */
export function onInterrupt(message: string): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(130);
      process.stderr.write(`\n${message}\n`);
      interrupt.abort(new Error(`It was interrupted by ${signal}.`));
    });
  }
  return interrupt.signal;
}

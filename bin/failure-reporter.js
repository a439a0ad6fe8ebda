// Loaded before a CDK app that bidi runs: leaves the error that ends the app in a file, so that bidi need not read it out of stderr.
const { existsSync, writeFileSync } = require('node:fs');

process.on('uncaughtExceptionMonitor', error => {
  const file = process.env.BIDI_FAILURE_FILE;
  if (!file || existsSync(file)) return;
  const { name, message, code, what, why, next } = error instanceof Error ? error : { message: String(error) };
  try {
    writeFileSync(file, JSON.stringify({ name, message, code, what, why, next }));
  } catch {
    // stderr tells it as well
  }
});

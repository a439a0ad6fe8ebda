/** A line's own fields. Never payload: no message, no query string, no close reason. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where log lines go. */
export type Log = (event: string, fields?: LogFields) => void;

/** One JSON object a line on stdout, from where the platform carries it to the endpoint's log group. */
export const logToStdout: Log = (event, fields) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
};

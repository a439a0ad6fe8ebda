import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  METADATA_STREAM_PATH,
  METERING_RECORD_INTERVAL_MS,
  METERING_RECORD_LIMIT_BYTES,
  MeteringHeader,
  Source,
} from '../../../contract';
import { fail, pass, skip, warn } from '../../../report/finding';
import { Opcode } from '../../../wire/frame';
import type { LiveCheck } from '../live-check';
import { ProbeError } from '../probe-error';
import type { ProbeMessage } from '../probe-socket';

/** A record may arrive late, by a busy machine, and the next one on time. By how much, in milliseconds, is not held against the container. */
const ARRIVAL_SLACK_MS = 400;

/** The optional companion stream that reports usage. */
export const METERING_CHECK: LiveCheck = {
  name: 'metering',
  rule:
    `A container that offers usage metering accepts the metadata stream and sends records of at most ` +
    `${METERING_RECORD_LIMIT_BYTES} bytes, at most one a second.`,
  source: Source.DEVELOPER_GUIDE,
  advice:
    'Send {"Metering":{"Dimension","ConsumedUnits","ClientToken"}} as one text frame a second; others are dropped.',
  needs: ['open-default-path'],
  async run(context) {
    const headers = { [MeteringHeader.REQUEST_ID]: randomUUID() };
    return context.withSocket(
      async socket => {
        const offered = headerOf(socket.responseHeaders, MeteringHeader.STREAM_SUPPORTED);
        if (offered !== 'true') {
          return skip(`not offered (optional: the upgrade response has no ${MeteringHeader.STREAM_SUPPORTED}: true)`);
        }
        const path = headerOf(socket.responseHeaders, MeteringHeader.INVOCATION_PATH) ?? METADATA_STREAM_PATH;
        const url = context.url(path.replace(/^\//, ''), '');
        try {
          return await context.withSocket(
            async metadata => {
              const records: { message: ProbeMessage; atMs: number }[] = [];
              const deadline = performance.now() + context.limits.meteringMs;
              const talking = context.conversation?.run(socket, { timeoutMs: context.limits.replyMs });
              for (;;) {
                const message = await metadata.messages.take(Math.max(0, deadline - performance.now()));
                if (!message) break;
                records.push({ message, atMs: performance.now() });
              }
              await talking;
              const faults = [...new Set(records.flatMap(({ message }) => recordFaults(message)))];
              const tokens = records.map(({ message }) => clientToken(message));
              if (new Set(tokens).size < tokens.length) faults.push('a ClientToken that came before');
              const tooSoon = areTooMany(records.map(({ atMs }) => atMs));
              if (tooSoon) faults.push('two within a second');
              const seen = `${records.length} records in ${(context.limits.meteringMs / 1_000).toFixed(1)} s`;
              if (faults.length > 0) return fail(`${seen}, with ${faults.join(', ')}`, this.advice);
              return pass(seen);
            },
            { url, headers },
          );
        } catch (error) {
          if (!(error instanceof ProbeError)) throw error;
          const isRequired = headerOf(socket.responseHeaders, MeteringHeader.STREAM_REQUIRED) === 'true';
          const seen = `offered on /${path.replace(/^\//, '')}, but ${error.message}`;
          return isRequired
            ? fail(`${seen}; it is declared required, so no session would open`, this.advice)
            : warn(`${seen}; usage would not be metered`, this.advice);
        }
      },
      { headers },
    );
  },
};

/** Whether some of the times are more than one a second, by more than one late arrival explains. */
function areTooMany(times: readonly number[]): boolean {
  return times.some((last, index) =>
    times
      .slice(0, index)
      .some((first, earlier) => last - first < (index - earlier) * METERING_RECORD_INTERVAL_MS - ARRIVAL_SLACK_MS),
  );
}

function recordFaults(message: ProbeMessage): string[] {
  const faults: string[] = [];
  if (message.opcode !== Opcode.TEXT) faults.push('one in a binary frame');
  if (message.payload.length > METERING_RECORD_LIMIT_BYTES) faults.push(`one of ${message.payload.length} bytes`);
  const record = meteringOf(message);
  if (!record) return [...faults, 'one that is not {"Metering": …}'];
  if (typeof record.Dimension !== 'string' || record.Dimension === '') faults.push('one without Dimension');
  if (typeof record.ConsumedUnits !== 'number' || record.ConsumedUnits < 0) faults.push('one without ConsumedUnits');
  if (typeof record.ClientToken !== 'string' || record.ClientToken === '') faults.push('one without ClientToken');
  return faults;
}

function clientToken(message: ProbeMessage): unknown {
  return meteringOf(message)?.ClientToken ?? message;
}

function meteringOf(message: ProbeMessage): Record<string, unknown> | undefined {
  try {
    const { Metering } = JSON.parse(message.payload.toString('utf8')) as { Metering?: unknown };
    return typeof Metering === 'object' && Metering !== null ? (Metering as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}

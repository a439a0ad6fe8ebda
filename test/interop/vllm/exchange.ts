import { deepStrictEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BidiSession } from '../../../lib/client';
import type { Scorecard } from '../scorecard';
import { pcm } from './speech';

/** What one side does in an exchange, in order. */
export type Step =
  | { readonly send: Readonly<Record<string, unknown>> }
  | { readonly sendText: string }
  /** Base64 of a binary frame. */
  | { readonly sendBinary: string }
  /** Speech of that length as `input_audio_buffer.append` events of 100 ms each, as fast as they go. */
  | { readonly appendSeconds: number }
  /** Waits for the next event of that type; `end` waits for the end of the connection. */
  | { readonly await: string };

/** An exchange with a server, and what the real one answered. */
export interface RecordedExchange {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Events as the real server sent them, without what differs from run to run. Absent until they are recorded. */
  readonly received?: readonly object[];
}

/** One connection to a server, whatever carries it. */
export interface Connection {
  send(message: string | Uint8Array): Promise<void> | void;
  /** Text messages of the server; ends or throws with the connection. */
  readonly messages: AsyncIterator<string | Uint8Array>;
  close(): Promise<void> | void;
}

/** Recordings, by the server: its folder and file in test/fixtures. */
export type Recording = 'vllm/realtime.json' | 'vllm-omni/speech-stream.json';

const FIXTURES = join(__dirname, '..', '..', 'fixtures');

export function readExchanges(recording: Recording): readonly RecordedExchange[] {
  return JSON.parse(readFileSync(join(FIXTURES, recording), 'utf8')) as RecordedExchange[];
}

function writeExchanges(recording: Recording, exchanges: readonly RecordedExchange[]): void {
  writeFileSync(join(FIXTURES, recording), `${JSON.stringify(exchanges, undefined, 2)}\n`);
}

/** Longest time of one exchange with a real server, in milliseconds. */
const EXCHANGE_TIMEOUT_MS = 60_000;

/** Bytes of 100 ms of 16-bit mono audio at 16 kHz. */
export const APPEND_BYTES = 3_200;

/**
 * Plays one exchange to its end.
 *
 * @returns what the server sent, without what differs from run to run
 * @throws Error when an awaited event does not come within the time
 */
export async function playExchange(
  exchange: RecordedExchange,
  connection: Connection,
  timeoutMs: number,
): Promise<readonly object[]> {
  const received: object[] = [];
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    for (const step of exchange.steps) {
      if ('send' in step) await connection.send(JSON.stringify(step.send));
      else if ('sendText' in step) await connection.send(step.sendText);
      else if ('sendBinary' in step) await connection.send(Buffer.from(step.sendBinary, 'base64'));
      else if ('appendSeconds' in step) await append(connection, step.appendSeconds);
      else await receiveUntil(step.await, connection, received, deadline);
    }
  } finally {
    await connection.close();
  }
  return foldDeltas(received);
}

async function append(connection: Connection, seconds: number): Promise<void> {
  for (const samples of pcm(seconds, APPEND_BYTES)) {
    await connection.send(
      JSON.stringify({ type: 'input_audio_buffer.append', audio: Buffer.from(samples).toString('base64') }),
    );
  }
}

async function receiveUntil(
  type: string,
  { messages }: Connection,
  received: object[],
  deadline: AbortSignal,
): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(new Error(`no "${type}" came; received ${show(received)}`)));
  });
  for (;;) {
    const event = await Promise.race([nextEvent(messages), late]);
    received.push(event);
    if ((event as { type: string }).type === type) return;
    if ('end' in event) throw new Error(`the connection ended before "${type}"; received ${show(received)}`);
  }
}

async function nextEvent(messages: AsyncIterator<string | Uint8Array>): Promise<{ type: string; end?: string }> {
  try {
    const { done, value } = await messages.next();
    if (done) return { type: 'end', end: 'in order' };
    return typeof value === 'string' ? timeless(JSON.parse(value)) : { type: 'binary' };
  } catch {
    return { type: 'end', end: 'broken' };
  }
}

/** Fields that are the same in every run. */
const CONSTANT_FIELDS = new Set(
  ['type', 'code', 'format', 'sample_rate', 'total_sentences'].concat([
    'utterance_index',
    'sentence_index',
    'sentence_text',
  ]),
);

/** An event without what differs from run to run: ids, times, words and counts. */
function timeless(event: { type: string } & Record<string, unknown>): object & { type: string } {
  const masked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === 'message') masked[name] = String(value).split(':')[0];
    else if (name === 'usage') masked[name] = Object.fromEntries(Object.keys(value as object).map(key => [key, '…']));
    else if (name === 'error') masked[name] = String(value).split('\n')[0];
    else masked[name] = CONSTANT_FIELDS.has(name) ? value : '…';
  }
  return masked as { type: string };
}

/** How many deltas or pieces of audio come is a matter of timing; that they come, and where, is not. */
function foldDeltas(events: readonly object[]): readonly object[] {
  const typeOf = (event: object | undefined) => (event as { type?: string } | undefined)?.type;
  const isPiece = (type: string | undefined) => type === 'transcription.delta' || type === 'binary';
  return events.filter((event, index) => !(isPiece(typeOf(event)) && typeOf(event) === typeOf(events[index - 1])));
}

function show(received: readonly object[]): string {
  return JSON.stringify(foldDeltas(received).slice(-3));
}

/** A session as the exchanges are played over. */
function connectionOf(session: BidiSession): Connection {
  return {
    send: message => session.send(message),
    messages: session[Symbol.asyncIterator](),
    close: () => session.abort(),
  };
}

/** Plays each exchange of a recording against the real server; `record` writes what it sent instead of comparing it. */
export async function checkExchanges(
  recording: Recording,
  server: string,
  open: () => Promise<BidiSession>,
  scorecard: Scorecard,
  record: boolean,
): Promise<void> {
  const recorded: RecordedExchange[] = [];
  for (const exchange of readExchanges(recording)) {
    const received = await scorecard.check(`${server}: ${exchange.name}`, async () => {
      const events = await playExchange(exchange, connectionOf(await open()), EXCHANGE_TIMEOUT_MS);
      if (!record) deepStrictEqual(events, exchange.received);
      return events;
    });
    recorded.push({ ...exchange, ...(received ? { received } : {}) });
  }
  if (record) writeExchanges(recording, recorded);
}

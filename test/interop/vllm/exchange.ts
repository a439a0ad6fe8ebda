import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** An exchange with a vLLM realtime server, and what the real one answered. */
export interface Exchange {
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

const FILE = join(__dirname, '..', '..', 'fixtures', 'vllm', 'realtime.json');

export function readExchanges(): readonly Exchange[] {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Exchange[];
}

export function writeExchanges(exchanges: readonly Exchange[]): void {
  writeFileSync(FILE, `${JSON.stringify(exchanges, undefined, 2)}\n`);
}

/** Bytes of 100 ms of 16-bit mono audio at 16 kHz. */
export const APPEND_BYTES = 3_200;

/**
 * Plays one exchange to its end.
 *
 * @returns what the server sent, without what differs from run to run
 * @throws Error when an awaited event does not come within the time
 */
export async function playExchange(
  exchange: Exchange,
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

/** An event without what differs from run to run: ids, times, words and counts. */
function timeless(event: { type: string } & Record<string, unknown>): object & { type: string } {
  const masked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === 'usage') masked[name] = Object.fromEntries(Object.keys(value as object).map(key => [key, '…']));
    else if (name === 'error') masked[name] = String(value).split('\n')[0];
    else masked[name] = ['type', 'code'].includes(name) ? value : '…';
  }
  return masked as { type: string };
}

/** How many deltas come is a matter of timing; that they come, and where, is not. */
function foldDeltas(events: readonly object[]): readonly object[] {
  const isDelta = (event: object | undefined) =>
    (event as { type?: string } | undefined)?.type === 'transcription.delta';
  return events.filter((event, index) => !(isDelta(event) && isDelta(events[index - 1])));
}

function show(received: readonly object[]): string {
  return JSON.stringify(foldDeltas(received).slice(-3));
}

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ExplainedError, invocationPathViolation, queryStringViolation } from '../../contract';
import { Opcode } from '../../wire/frame';

/** One message of an exchange. */
export interface ExchangeMessage {
  readonly opcode: typeof Opcode.TEXT | typeof Opcode.BINARY;
  readonly payload: Buffer;
  /** Pause after it, in milliseconds. */
  readonly intervalMs: number;
}

/** The expectation of one reply. Every given field has to hold. */
export interface Expectation {
  readonly type?: 'text' | 'binary';
  /** A text that matches. */
  readonly matches?: RegExp;
  /** A JSON text that holds at least this. */
  readonly json?: unknown;
}

/** The messages to a container that is not an echo, and the replies to expect. */
export interface Exchange {
  /** Invocation path instead of the one asked for otherwise. */
  readonly path?: string;
  /** Query string, without question mark. */
  readonly query?: string;
  readonly send: readonly ExchangeMessage[];
  /** Each has to be met by a message after the one that met the expectation before; others in between are passed over. */
  readonly expect: readonly Expectation[];
  /** Longest wait for each expectation, in milliseconds. Absent means the check's own limit. */
  readonly timeoutMs?: number;
}

/** The file of an exchange cannot be used. Lists every fault. */
export class ExchangeFileError extends ExplainedError {
  override readonly code = 'ERR_BIDI_EXCHANGE_FILE';
}

/**
 * Reads an exchange from a JSON file:
 *
 * ```json
 * {
 *   "path": "v1/listen",
 *   "query": "model=nova-3&language=en",
 *   "send": [{ "file": "speech.raw", "partBytes": 3200, "intervalMs": 20 }, { "json": { "type": "Finalize" } }],
 *   "expect": [{ "json": { "type": "Results" } }],
 *   "timeoutMs": 10000
 * }
 * ```
 *
 * A message is one of `text`, `json`, `base64` (binary) and `file` (binary, relative to the JSON file, cut into parts).
 *
 * @throws ExchangeFileError when the file is not there or not like this
 */
export function readExchange(path: string): Exchange {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw exchangeError(path, [(error as Error).message], error);
  }
  if (!isRecord(parsed)) throw exchangeError(path, ['It is not a JSON object.']);
  const { path: invocationPath, query, send, expect, timeoutMs } = parsed;
  const faults = [
    textFault('path', invocationPath, invocationPathViolation),
    textFault('query', query, queryStringViolation),
    timeoutMs === undefined || isPositive(timeoutMs) ? undefined : '"timeoutMs" is not a number above 0.',
    isFilledList(send) ? undefined : '"send" is not a list of messages.',
    isFilledList(expect) ? undefined : '"expect" is not a list of expectations.',
  ].filter(fault => fault !== undefined);
  const messages = (isFilledList(send) ? send : []).flatMap((message, index) =>
    readMessage(message, dirname(path), fault => faults.push(`Message ${index + 1}: ${fault}`)),
  );
  const expectations = (isFilledList(expect) ? expect : []).map((expectation, index) =>
    readExpectation(expectation, fault => faults.push(`Expectation ${index + 1}: ${fault}`)),
  );
  if (faults.length > 0) throw exchangeError(path, faults);
  return {
    ...(invocationPath === undefined ? {} : { path: invocationPath as string }),
    ...(query === undefined ? {} : { query: query as string }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: timeoutMs as number }),
    send: messages,
    expect: expectations,
  };
}

/** The violation in an optional text, as a sentence. */
function textFault(name: string, value: unknown, violation: (text: string) => string | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? violation(value) : `"${name}" is not a string.`;
}

function isFilledList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function readMessage(message: unknown, directory: string, fault: (text: string) => void): ExchangeMessage[] {
  const kinds = isRecord(message) ? ['text', 'json', 'base64', 'file'].filter(kind => kind in message) : [];
  if (!isRecord(message) || kinds.length !== 1) {
    fault('name exactly one of "text", "json", "base64" and "file".');
    return [];
  }
  const { intervalMs = 0, partBytes } = message;
  if (typeof intervalMs !== 'number' || !(intervalMs >= 0)) fault('"intervalMs" is not a number from 0.');
  const one = (opcode: ExchangeMessage['opcode'], payload: Buffer) => [
    { opcode, payload, intervalMs: Number(intervalMs) },
  ];
  const kind = kinds[0]!;
  const value = message[kind];
  if (kind === 'json') return one(Opcode.TEXT, Buffer.from(JSON.stringify(value)));
  if (typeof value !== 'string') {
    fault(`"${kind}" is not a string.`);
    return [];
  }
  if (kind === 'text') return one(Opcode.TEXT, Buffer.from(value));
  if (kind === 'base64') return one(Opcode.BINARY, Buffer.from(value, 'base64'));
  let content: Buffer;
  try {
    content = readFileSync(resolve(directory, value));
  } catch (error) {
    fault(`"file" cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
    return [];
  }
  if (partBytes !== undefined && !isPositive(partBytes)) {
    fault('"partBytes" is not a number above 0.');
    return [];
  }
  const size = partBytes === undefined ? Math.max(1, content.length) : Math.ceil(partBytes);
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
    one(Opcode.BINARY, content.subarray(index * size, (index + 1) * size)),
  ).flat();
}

function readExpectation(expectation: unknown, fault: (text: string) => void): Expectation {
  if (!isRecord(expectation)) {
    fault('it is not an object.');
    return {};
  }
  const { type, matches, json } = expectation;
  if (type !== undefined && type !== 'text' && type !== 'binary') fault('"type" is neither "text" nor "binary".');
  let pattern: RegExp | undefined;
  if (matches !== undefined) {
    try {
      pattern = new RegExp(String(matches), 'u');
    } catch (error) {
      fault(`"matches" is not a regular expression: ${(error as Error).message}.`);
    }
  }
  if (type === undefined && matches === undefined && json === undefined) {
    fault('name at least one of "type", "matches" and "json".');
  }
  return {
    ...(type === 'text' || type === 'binary' ? { type } : {}),
    ...(pattern ? { matches: pattern } : {}),
    ...(json === undefined ? {} : { json }),
  };
}

function exchangeError(path: string, faults: readonly string[], cause?: unknown): ExchangeFileError {
  return new ExchangeFileError(
    {
      what: `The exchange ${path} cannot be used: ${faults.join(' ')}`,
      why: 'It has to be a JSON object with "send" and "expect", and may have "path", "query" and "timeoutMs".',
      next: 'See docs/check.md, section "A container that is not an echo".',
    },
    { cause },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value);
}

import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { BidiSession } from '../../lib/client';
import { DeepgramProducts, ExplainedError } from '../../lib/contract';
import { printable } from '../../lib/report/printable';
import { wrap } from '../../lib/report/wrap';
import { wrappedHelp } from '../help-text';
import { collectPair } from '../key-value';
import { byteLines, textLines } from '../stdin-lines';
import { openUnlessInterrupted, runStreaming } from '../stream-command';
import { openStreamTarget, type StreamTargetOptions, TARGET_HELP, withStreamTarget } from '../stream-target';
import { columnsOf } from '../terminal';

interface InvokeOptions extends StreamTargetOptions {
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly binary?: boolean;
  readonly json?: boolean;
  readonly wait: number;
}

/** Silence after an answer, in milliseconds, after which the model has probably sent the last one. */
const QUIET_MS = 250;

/** Milliseconds that a program which writes to stdin has to end after the model has ended the stream. */
const STDIN_END_MS = 250;

/** Control messages by which a client asks the model to end the stream. */
const CLOSE_MESSAGES = new Set<unknown>(Object.values(DeepgramProducts).map(({ closeMessage }) => closeMessage));

/** Messages were sent and none came back. */
class NoAnswerError extends ExplainedError {
  override readonly code = 'ERR_BIDI_NO_ANSWER';
}

/** The model ended the stream and left messages without an answer, or input unread. */
class EndedEarlyError extends ExplainedError {
  override readonly code = 'ERR_BIDI_ENDED_EARLY';
}

/** `bidi invoke [words...]`: messages to any streaming model, and its answers. */
export function invokeCommand(): Command {
  return withStreamTarget(new Command('invoke'))
    .summary('send messages to a model, and print its answers')
    .description(
      'Opens one stream, sends each argument (or each line of stdin) as one message, prints the answers of the model as they arrive, and ends the input after the answers to the last message.',
    )
    .argument('[messages...]', 'messages to send; without an argument, each line of stdin is a message')
    .option('--path <path>', "path of the model's WebSocket, such as v1/listen (default: the platform's)")
    .option('--query <key=value>', "part of the query string of the model's WebSocket; may be repeated", collectPair)
    .option('--binary', 'send binary messages instead of text')
    .option(
      '--wait <seconds>',
      'how long to wait for as many answers as messages, from the last one that came or went, before the input is ended; 0 does not wait',
      seconds,
      2,
    )
    .option('--json', 'answers of the model, one JSON object a line; binary as base64')
    .addHelpText(
      'after',
      wrappedHelp(`${TARGET_HELP}

Examples:
  bidi invoke "I need help with" "my account balance" --local
  bidi invoke hello --stack EchoBidiStack
  tail -f app.log | bidi invoke --endpoint classifier --region eu-central-1
  bidi invoke '{"type":"Speak","text":"Hi"}' '{"type":"Close"}' --local --path v1/speak --query model=aura-2-thalia-en --json`),
    )
    .action((messages: string[], options: InvokeOptions) =>
      runStreaming('invoke', options, signal => invoke(messages, options, signal)),
    );
}

async function invoke(messages: string[], options: InvokeOptions, interrupted: AbortSignal): Promise<void> {
  using target = await openStreamTarget(options);
  const { BidiSession, queryStringOf } = await import('../../lib/client');
  const session = await openUnlessInterrupted(interrupted, abortSignal =>
    BidiSession.open({
      ...target,
      modelInvocationPath: options.path,
      modelQueryString: options.query && queryStringOf(options.query),
      abortSignal,
    }),
  );
  const ended = new AbortController();
  const enough = AbortSignal.any([interrupted, ended.signal]);
  const exchange = new Exchange(options.wait * 1_000, enough);
  const sending = send(session, messagesOf(messages, options, enough), exchange, interrupted);
  sending.catch(() => undefined); // thrown below; a failure of the session ends the loop, too
  try {
    for await (const answer of session) {
      exchange.noteReceived();
      print(answer, options);
    }
    exchange.noteEnd();
    if (!exchange.inputEnded && messages.length === 0) await stdinEnd();
  } finally {
    ended.abort(); // a model that ends the stream by itself is sent no further lines
  }
  await sending.catch((error: unknown) => {
    throw isEnd(error) ? endedEarly('with messages left to send') : error;
  });
  const { sentMessages, receivedMessages, firstByteMs } = session.statistics;
  const first = firstByteMs === undefined ? '' : `, the first after ${firstByteMs.toFixed(0)} ms`;
  process.stderr.write(`${count(sentMessages)} sent, ${count(receivedMessages)} received${first}.\n`);
  if (interrupted.aborted || exchange.sent === 0) return;
  if (exchange.endedByModel && !exchange.askedForEnd) {
    const isStdinOpen = messages.length === 0 && !process.stdin.isTTY && !process.stdin.readableEnded;
    if (isStdinOpen) throw endedEarly('while stdin was still open');
    if (exchange.isShort) throw endedEarly(`after ${count(receivedMessages)} for the ${sentMessages} sent`);
  }
  if (receivedMessages === 0) throw noAnswer(options.wait);
  if (exchange.isShort && !exchange.askedForEnd) {
    process.stderr.write(`${wrap(FEWER_ANSWERS, columnsOf(process.stderr)).join('\n')}\n`);
  }
}

async function send(
  session: BidiSession,
  messages: AsyncIterable<string | Buffer>,
  exchange: Exchange,
  interrupted: AbortSignal,
): Promise<void> {
  let fault: { readonly error: unknown } | undefined;
  try {
    for await (const message of messages) {
      if (interrupted.aborted) break;
      await session.send(message); // fails once the model has ended the stream: a message that is left over is not dropped
      exchange.noteSent(message);
    }
  } catch (error) {
    fault = { error };
  }
  // The answers to what was sent before a fault of the input are printed, too.
  await exchange.settled();
  exchange.noteInputEnd();
  await session.closeInput();
  if (fault) throw fault.error;
}

/** The arguments, or the lines of stdin until its end or enough. */
async function* messagesOf(
  words: readonly string[],
  { binary }: InvokeOptions,
  enough: AbortSignal,
): AsyncGenerator<string | Buffer> {
  if (words.length > 0) {
    for (const word of words) yield binary ? Buffer.from(word) : word;
    return;
  }
  if (process.stdin.isTTY) process.stderr.write('A message a line; Ctrl-D ends the input.\n');
  const lines = byteLines(process.stdin, enough);
  yield* binary ? lines : textLines(lines);
}

/**
 * What went and what came. Waits for the answers before the input is ended: that closes the model's WebSocket, and many servers then drop
 * the answers that they have not sent yet.
 */
class Exchange {
  /** Whether the input was ended from here. */
  inputEnded = false;
  /** Whether the model ended the stream in order while the input was open. */
  endedByModel = false;
  /** Messages sent. */
  sent = 0;
  private received = 0;
  private last: string | Buffer = '';
  private lastAt = 0;
  private isLastAnswered = true;

  constructor(
    private readonly waitMs: number,
    private readonly enough: AbortSignal,
  ) {}

  /** Whether fewer messages came back than were sent. */
  get isShort(): boolean {
    return this.received < this.sent;
  }

  /** Whether the last message asks the model to end the stream. */
  get askedForEnd(): boolean {
    try {
      return CLOSE_MESSAGES.has((JSON.parse(this.last.toString()) as { readonly type?: unknown } | null)?.type);
    } catch {
      return false; // a message that is no JSON
    }
  }

  noteSent(message: string | Buffer): void {
    this.sent += 1;
    this.last = message;
    this.lastAt = performance.now();
    this.isLastAnswered = false;
  }

  noteReceived(): void {
    this.received += 1;
    this.lastAt = performance.now();
    this.isLastAnswered = true;
  }

  noteInputEnd(): void {
    this.inputEnded = true;
  }

  noteEnd(): void {
    this.endedByModel = !this.inputEnded;
  }

  /** Resolves when every message has an answer and no more follow, or when none has come in time. */
  async settled(): Promise<void> {
    while (this.sent > 0 && this.waitMs > 0 && !this.enough.aborted) {
      const isAnswered = this.isLastAnswered && !this.isShort;
      const remainingMs = this.lastAt + (isAnswered ? QUIET_MS : this.waitMs) - performance.now();
      if (remainingMs <= 0) return;
      await delay(Math.min(remainingMs, QUIET_MS), undefined, { signal: this.enough }).catch(() => undefined);
    }
  }
}

/** Resolves at the end of stdin, or soon without one. */
async function stdinEnd(): Promise<void> {
  if (process.stdin.isTTY || process.stdin.readableEnded) return;
  const ended = new AbortController();
  process.stdin.once('end', () => ended.abort());
  await delay(STDIN_END_MS, undefined, { signal: ended.signal }).catch(() => undefined);
}

const FEWER_ANSWERS =
  'Fewer came back than were sent. If the model answers every message, wait longer with --wait SECONDS.';

/** Whether a message could not be sent because the model had ended the stream in order. */
function isEnd(error: unknown): boolean {
  return error instanceof ExplainedError && error.code === 'ERR_BIDI_STREAM_ENDED';
}

/** @param when the state of the exchange at the end, with its conjunction */
function endedEarly(when: string): EndedEarlyError {
  return new EndedEarlyError({
    what: `The model ended the stream ${when}.`,
    why: 'It closed its WebSocket in order by itself, with code 1000, without a close message such as CloseStream being the last that it was sent.',
    next: "Look at the container's log for its reason; send what is left on another stream.",
  });
}

function noAnswer(waitSeconds: number): NoAnswerError {
  return new NoAnswerError({
    what: 'Nothing came back.',
    why: `The model sent nothing within ${waitSeconds} s of the last message, nor before it closed after the end of the input: it expects another message, needs longer, or drops its answers when its WebSocket is closed.`,
    next: "Wait longer with --wait SECONDS, check --path and --query, and look at the container's log.",
  });
}

function print(answer: string | Uint8Array, { json }: InvokeOptions): void {
  if (json) process.stdout.write(`${JSON.stringify(describe(answer))}\n`);
  else if (typeof answer !== 'string') process.stdout.write(`<${answer.length} bytes>\n`);
  else process.stdout.write(`${process.stdout.isTTY ? answer.split('\n').map(printable).join('\n') : answer}\n`);
}

function describe(answer: string | Uint8Array): object {
  if (typeof answer === 'string') return { type: 'text', text: answer };
  return { type: 'binary', bytes: answer.length, base64: Buffer.from(answer).toString('base64') };
}

function count(messages: number): string {
  return `${messages} message${messages === 1 ? '' : 's'}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0))
    throw new InvalidArgumentError('It has to be a number of seconds, 0 or more.');
  return value;
}

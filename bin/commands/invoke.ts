import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { BidiSession } from '../../lib/client';
import { ExplainedError } from '../../lib/contract';
import { printable } from '../../lib/report/printable';
import { wrappedHelp } from '../help-text';
import { collectPair } from '../key-value';
import { byteLines, textLines } from '../stdin-lines';
import { openUnlessInterrupted, runStreaming } from '../stream-command';
import { openStreamTarget, type StreamTargetOptions, TARGET_HELP, withStreamTarget } from '../stream-target';

interface InvokeOptions extends StreamTargetOptions {
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly binary?: boolean;
  readonly json?: boolean;
  readonly wait: number;
}

/** Silence after an answer, in milliseconds, after which the model has probably sent the last one. */
const QUIET_MS = 250;

/** Messages were sent and none came back. */
class NoAnswerError extends ExplainedError {
  override readonly code = 'ERR_BIDI_NO_ANSWER';
}

/** `bidi invoke [words...]`: messages to any streaming model, and its answers. */
export function invokeCommand(): Command {
  return withStreamTarget(new Command('invoke'))
    .summary('messages to any streaming model, and what it answers')
    .description(
      'Opens one stream, sends each argument (or each line of stdin) as one message, prints what the model answers as it comes, and ends the input when the answers to the last message are there.',
    )
    .argument('[messages...]', 'what to send, a message each; without any, the lines of stdin')
    .option('--path <path>', "path of the model's WebSocket, such as v1/listen (default: the platform's)")
    .option('--query <key=value>', "part of the query string of the model's WebSocket; may be repeated", collectPair)
    .option('--binary', 'send binary messages instead of text')
    .option(
      '--wait <seconds>',
      'how long to wait for a first answer to the last message before the input is ended; 0 does not wait',
      seconds,
      2,
    )
    .option('--json', 'what the model answers, one JSON object a line; binary as base64')
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
  const answers = new Answers(options.wait * 1_000, enough);
  const sending = send(session, messagesOf(messages, options, enough), answers, enough);
  sending.catch(error => session.abort(error));
  try {
    for await (const answer of session) {
      answers.note();
      print(answer, options);
    }
  } finally {
    ended.abort(); // a model that ends the stream by itself is sent no further lines
  }
  await sending;
  const { sentMessages, receivedMessages, firstByteMs } = session.statistics;
  const first = firstByteMs === undefined ? '' : `, the first after ${firstByteMs.toFixed(0)} ms`;
  process.stderr.write(`${count(sentMessages)} sent, ${count(receivedMessages)} received${first}.\n`);
  if (sentMessages > 0 && receivedMessages === 0 && !interrupted.aborted) throw noAnswer(options.wait);
}

async function send(
  session: BidiSession,
  messages: AsyncIterable<string | Buffer>,
  answers: Answers,
  enough: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (enough.aborted) break;
    await session.send(message);
    answers.expect();
  }
  await answers.settled();
  await session.closeInput();
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
 * Waits for the answers to the last message. The end of the input closes the model's WebSocket, and many servers then drop the
 * answers that they have not sent yet.
 */
class Answers {
  private lastSentAt: number | undefined;
  private lastAnswerAt: number | undefined;

  constructor(
    private readonly waitMs: number,
    private readonly enough: AbortSignal,
  ) {}

  /** Notes that a message was sent. */
  expect(): void {
    this.lastSentAt = performance.now();
    this.lastAnswerAt = undefined;
  }

  /** Notes that a message was received. */
  note(): void {
    this.lastAnswerAt = performance.now();
  }

  /** Resolves when answers have come and no more follow, or when none has come in time. */
  async settled(): Promise<void> {
    while (this.lastSentAt !== undefined && this.waitMs > 0 && !this.enough.aborted) {
      const dueAt = this.lastAnswerAt === undefined ? this.lastSentAt + this.waitMs : this.lastAnswerAt + QUIET_MS;
      const remainingMs = dueAt - performance.now();
      if (remainingMs <= 0) return;
      await delay(Math.min(remainingMs, QUIET_MS), undefined, { signal: this.enough }).catch(() => undefined);
    }
  }
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

import { createInterface } from 'node:readline';
import { Command } from 'commander';
import type { BidiSession } from '../../lib/client';
import { printable } from '../../lib/report/printable';
import { fitted } from '../help-text';
import { collectPair } from '../key-value';
import { openUnlessInterrupted, runStreaming } from '../stream-command';
import { openStreamTarget, type StreamTargetOptions, TARGET_HELP, withStreamTarget } from '../stream-target';

interface InvokeOptions extends StreamTargetOptions {
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly binary?: boolean;
  readonly json?: boolean;
}

/** `bidi invoke [words...]`: messages to any streaming model, and what it answers. */
export function invokeCommand(): Command {
  return withStreamTarget(new Command('invoke'))
    .summary('messages to any streaming model, and what it answers')
    .description(
      'Opens one stream, sends each argument (or each line of stdin) as one message, prints what the model answers as it comes, then ends the input and waits for the rest.',
    )
    .argument('[messages...]', 'what to send, a message each; without any, the lines of stdin')
    .option('--path <path>', "path of the model's WebSocket, such as v1/listen (default: the platform's)")
    .option('--query <key=value>', "part of the query string of the model's WebSocket; may be repeated", collectPair)
    .option('--binary', 'send binary messages instead of text')
    .option('--json', 'what the model answers, one JSON object a line; binary as base64')
    .addHelpText(
      'after',
      fitted(`${TARGET_HELP}

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
  const { BidiSession, queryStringOf } = require('../../lib/client') as typeof import('../../lib/client');
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
  const sending = send(session, messages.length > 0 ? messages : lines(enough), options, enough);
  sending.catch(() => undefined); // awaited below, when the answers have been read
  for await (const answer of session) {
    if (options.json) process.stdout.write(`${JSON.stringify(describe(answer))}\n`);
    else if (typeof answer !== 'string') process.stdout.write(`<${answer.length} bytes>\n`);
    else process.stdout.write(`${process.stdout.isTTY ? answer.split('\n').map(printable).join('\n') : answer}\n`);
  }
  ended.abort(); // a model that ends the stream by itself is not told what is still typed
  await sending;
  const { sentMessages, receivedMessages, firstByteMs } = session.statistics;
  const first = firstByteMs === undefined ? '' : `, the first after ${firstByteMs.toFixed(0)} ms`;
  process.stderr.write(`${count(sentMessages)} sent, ${count(receivedMessages)} received${first}.\n`);
}

async function send(
  session: BidiSession,
  messages: AsyncIterable<string> | Iterable<string>,
  { binary }: InvokeOptions,
  enough: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (enough.aborted) break;
    await session.send(binary ? Buffer.from(message) : message);
  }
  await session.closeInput();
}

/** Lines of stdin, until its end or enough. */
async function* lines(enough: AbortSignal): AsyncGenerator<string> {
  if (process.stdin.isTTY) process.stderr.write('A message a line; Ctrl-D ends the input.\n');
  const input = createInterface({ input: process.stdin, terminal: false });
  enough.addEventListener('abort', () => input.close(), { once: true });
  yield* input;
}

function describe(answer: string | Uint8Array): object {
  if (typeof answer === 'string') return { type: 'text', text: answer };
  return { type: 'binary', bytes: answer.length, base64: Buffer.from(answer).toString('base64') };
}

function count(messages: number): string {
  return `${messages} message${messages === 1 ? '' : 's'}`;
}

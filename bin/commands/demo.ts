import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import type { BidiSession } from '../../lib/client';
import { AUDIO_CHUNK_MS, ExplainedError } from '../../lib/contract';
import { ExitCode } from '../exit-code';
import { openTrialLate } from '../inspector-trial-late';
import { synthesize } from '../synthesize';

/** The repository, or dist/ of the published package. */
const ROOT = join(__dirname, '..', '..');
const STACK = 'EchoBidiStack';
const RECORDING = join(ROOT, 'examples', 'sample.wav');
/** The cloud assembly that the published package holds, so that the demo needs no CDK and no app. */
const PACKAGED_ASSEMBLY = join(ROOT, 'demo');

/** The phrases of the platform's announcement of bidirectional streaming. */
const PHRASES = ['I need help with', 'my account balance', 'I can help with that', 'and recent charges'];

/** An echo differs from its message, or is missing. */
class EchoMismatchError extends ExplainedError {
  override readonly code = 'ERR_BIDI_ECHO_MISMATCH';
}

/** `bidi demo`: streams to the echo container through the local SageMaker. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('stream to the echo container through the local SageMaker')
    .description(
      `Synthesizes ${STACK}, starts its container and the local SageMaker, streams text and a recording with the client, and checks every byte that comes back. Needs no AWS account, no container engine and no CDK app.`,
    )
    .option('--keep', 'keep running after the demo, with a page that shows every stream, until Ctrl-C')
    .action(async ({ keep = false }: { keep?: boolean }) => {
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort(new Error('Interrupted.'));
      process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
      try {
        await demo(interrupted.signal, keep);
      } catch (error) {
        if (!interrupted.signal.aborted) throw error;
        process.exitCode = ExitCode.INTERRUPTED;
      } finally {
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      }
    });
}

async function demo(abortSignal: AbortSignal, keep: boolean): Promise<void> {
  const { LocalSageMaker, readCloudAssembly } = await import('../../lib/local');
  const { BidiSession, SageMakerRuntimeHTTP2Client } = await import('../../lib/client');
  const roundTripsMs: number[] = [];
  const stopwatch = timer();

  print(`\n  ${bold(`${STACK}, streamed to on this machine`)}\n\n`);
  const packaged = existsSync(PACKAGED_ASSEMBLY);
  const assembly = packaged ? PACKAGED_ASSEMBLY : await synthesize({ directory: ROOT, stacks: [STACK] });
  if (packaged) done(`took the template of ${STACK}`, stopwatch(), relative(process.cwd(), assembly));
  else done(`synthesized ${STACK}`, stopwatch(), 'the template that cdk deploy sends');
  abortSignal.throwIfAborted();

  const endpoints = await readCloudAssembly(assembly, { stacks: [STACK] });
  const endpoint = endpoints[0]!;
  await using local = await LocalSageMaker.start({ endpoints, inspector: keep && openTrialLate });
  done(
    `local SageMaker has ${endpoint.name} in service`,
    stopwatch(),
    `${local.url}, HTTP/2 over TLS, signatures verified`,
  );
  if (local.inspectorUrl) print(`\n  See every stream: ${local.inspectorUrl}\n\n`);
  abortSignal.throwIfAborted();

  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
  try {
    await using session = await BidiSession.open({ client, endpointName: endpoint.name, abortSignal });
    done('stream open', stopwatch(), `POST /endpoints/${endpoint.name}/invocations-bidirectional-stream`);
    await streamPhrases(session, roundTripsMs);
    await streamRecording(session, roundTripsMs, abortSignal);
    await session.close();
  } finally {
    client.destroy();
  }
  print(
    `\n  ${green('✓')} ${roundTripsMs.length} messages sent, all came back.` +
      ` Round trip p50 ${milliseconds(percentile(roundTripsMs, 50))}, p99 ${milliseconds(percentile(roundTripsMs, 99))}.\n\n` +
      deployment(packaged) +
      '  A GPU instance, billed until `npx cdk destroy`: see "Costs" in docs/guide.md.\n' +
      '  Now your own container: npx bidi init my-speech\n\n',
  );
  if (keep) await untilInterrupted(local.inspectorUrl, abortSignal);
}

/** @throws the reason of the signal. */
async function untilInterrupted(url: string | undefined, abortSignal: AbortSignal): Promise<void> {
  print(`  What passed is at ${url}\n  Ctrl-C stops it.\n`);
  if (!abortSignal.aborted) await once(abortSignal, 'abort');
  abortSignal.throwIfAborted();
}

/** How to deploy the same: the repository has an app for it, a user of the package has one of their own. */
function deployment(packaged: boolean): string {
  const command = bold(`npx cdk deploy ${STACK}`);
  if (!packaged) return `  The same template, in your AWS account:  ${command}\n`;
  const line = bold(`new ${STACK}(app, '${STACK}')`);
  return `  The same template, in your AWS account: put ${line}\n  into your CDK app, then ${command}.\n`;
}

/** Text: one phrase, one event, one frame, and its echo before the next. */
async function streamPhrases(session: BidiSession, roundTripsMs: number[]): Promise<void> {
  print(`\n  ${bold('Text')}, one event a phrase\n`);
  const width = Math.max(...PHRASES.map(phrase => phrase.length));
  const answers = session[Symbol.asyncIterator]();
  for (const phrase of PHRASES) {
    const stopwatch = timer();
    await session.send(phrase);
    const { value: echo } = await answers.next();
    const tookMs = stopwatch();
    if (echo !== phrase) throw mismatch(`The echo of "${phrase}"`);
    roundTripsMs.push(tookMs);
    print(`    → ${phrase.padEnd(width)}   ← ${String(echo).padEnd(width)}   ${milliseconds(tookMs).padStart(8)}\n`);
  }
}

/** Audio: a recording in pieces of 100 ms, each sent when a microphone would have it, while the echoes come back. */
async function streamRecording(session: BidiSession, roundTripsMs: number[], abortSignal: AbortSignal): Promise<void> {
  const { pace, readAudio } = await import('../../lib/speech/audio');
  await using file = await open(RECORDING);
  const audio = await readAudio(file.createReadStream({ autoClose: false }));
  const bytesPerSecond = audio.bytesPerSecond!;
  print(
    `\n  ${bold('Audio')}, ${relative(process.cwd(), RECORDING)}: ${audio.description},\n` +
      `  ${audio.seconds?.toFixed(1)} s in pieces of ${AUDIO_CHUNK_MS} ms at real-time pace\n`,
  );
  const sent = createHash('sha256');
  const received = createHash('sha256');
  const sentAt: number[] = [];
  let sentBytes = 0;
  let receivedBytes = 0;

  const listening = (async () => {
    let index = 0;
    for await (const echo of session) {
      if (typeof echo === 'string') throw mismatch(`The echo of piece ${index + 1} of the recording`);
      roundTripsMs.push(performance.now() - sentAt[index++]!);
      received.update(echo);
      receivedBytes += echo.length;
      progress(receivedBytes / bytesPerSecond, audio.seconds!);
    }
  })();
  listening.catch(() => {}); // it is awaited below, after the sending
  for await (const piece of pace(audio.chunks, { bytesPerSecond, frameBytes: audio.frameBytes, abortSignal })) {
    sentAt.push(performance.now());
    sent.update(piece);
    sentBytes += piece.length;
    await session.send(piece);
  }
  abortSignal.throwIfAborted();
  // The end of the input: what is on its way still comes back, then the stream ends.
  await session.closeInput();
  await listening;
  clearProgress();

  const [sentHash, receivedHash] = [sent.digest('hex'), received.digest('hex')];
  print(`    → ${sentBytes.toLocaleString('en')} bytes\n      sha256 ${sentHash}\n`);
  print(`    ← ${receivedBytes.toLocaleString('en')} bytes\n      sha256 ${receivedHash}\n`);
  if (sentHash !== receivedHash) throw mismatch('The echo of the recording');
}

function mismatch(what: string): EchoMismatchError {
  return new EchoMismatchError({
    what: `${what} is not what was sent.`,
    why: 'A byte was lost or changed between the client and the container.',
    next: 'Please report this with the output above.',
  });
}

/** Milliseconds since the last call. */
function timer(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const elapsed = now - last;
    last = now;
    return elapsed;
  };
}

/** Nearest-rank percentile. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

function milliseconds(value: number): string {
  return value < 1_000 ? `${value.toFixed(1)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

function done(what: string, tookMs: number, detail: string): void {
  print(`  ${green('✓')} ${what.padEnd(56)} ${milliseconds(tookMs).padStart(8)}
      ${dim(detail)}
`);
}

function progress(seconds: number, total: number): void {
  if (!process.stdout.isTTY) return;
  const width = 40;
  const filled = Math.min(width, Math.round((seconds / total) * width));
  print(`\r    ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${seconds.toFixed(1)} s`);
}

function clearProgress(): void {
  if (process.stdout.isTTY) print('\r\x1b[K');
}

function print(text: string): void {
  process.stdout.write(text);
}

const styled = (code: number) => (text: string) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;
const bold = styled(1);
const dim = styled(2);
const green = styled(32);

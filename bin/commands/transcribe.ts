import { createReadStream, statSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ServedModel, SpeechProtocol } from '../../lib/contract';
import type { AudioInput, ListenParameters, RawEncoding } from '../../lib/speech';
import { wrappedHelp } from '../help-text';
import { collectPair } from '../key-value';
import { protocolsOf, servedModel } from '../served-model';
import { openUnlessInterrupted, positiveNumber, runStreaming } from '../stream-command';
import {
  type FoundEndpoint,
  findStreamTarget,
  openFoundTarget,
  type StreamTargetOptions,
  TARGET_HELP,
  withStreamTarget,
} from '../stream-target';
import { type TranscriptFormat, TranscriptPrinter } from '../transcript-printer';
import { UsageError } from '../usage-error';

interface TranscribeOptions extends StreamTargetOptions {
  readonly protocol?: SpeechProtocol;
  readonly model?: string;
  readonly maxModelLen?: number;
  readonly language?: string;
  readonly query?: Record<string, string | string[]>;
  readonly encoding?: RawEncoding;
  readonly sampleRate?: number;
  readonly channels: number;
  readonly speed: number;
  readonly json?: boolean;
  readonly srt?: boolean;
  readonly vtt?: boolean;
}

/** `bidi transcribe FILE|-`: the words of a recording, or of audio on stdin. */
export function transcribeCommand(): Command {
  return withStreamTarget(new Command('transcribe'))
    .summary('transcribe a recording, or a microphone on stdin')
    .description(
      'Streams audio to a speech-to-text model (Deepgram, vLLM or NIM) and prints the transcript: final lines on stdout, and on a terminal the interim words in a line below them.',
    )
    .argument('<file>', 'WAV, or another audio file that the model reads; - is stdin')
    .addOption(
      new Option(
        '--protocol <name>',
        "the model's protocol (default: as the stack or the local SageMaker tells, else deepgram)",
      ).choices(protocolsOf('transcribe')),
    )
    .option(
      '--model <name>',
      'nova-3..., flux-general-en or flux-general-multi; with vllm the served name (default: as for --protocol, else nova-3)',
    )
    .option(
      '--max-model-len <tokens>',
      "vllm: tokens of context, 80 ms of audio each; another stream is opened before they are full (default: the stack's)",
      positiveNumber,
    )
    .option(
      '--language <code>',
      'one that the model package holds, or multi (Nova-3 only) (default: en; nim en-US; Flux takes none)',
    )
    .option('--query <key=value>', 'any other parameter of the model; may be repeated', collectPair)
    .addOption(
      new Option('--encoding <name>', 'the input is bare samples, coded so').choices(['linear16', 'mulaw', 'alaw']),
    )
    .option('--sample-rate <hertz>', 'samples a second of bare samples', positiveNumber)
    .option('--channels <count>', 'channels of bare samples', positiveNumber, 1)
    .option('--speed <factor>', 'times real time; max sends everything at once', speedFactor, 1)
    .addOption(new Option('--json', 'every message of the model, one JSON object a line').conflicts(['srt', 'vtt']))
    .addOption(new Option('--srt', 'captions in SubRip').conflicts(['json', 'vtt']))
    .addOption(new Option('--vtt', 'captions in WebVTT').conflicts(['json', 'srt']))
    .addHelpText(
      'after',
      wrappedHelp(`${TARGET_HELP}

Examples:
  bidi transcribe examples/sample.wav --local
  bidi transcribe call.wav --stack VllmStack
  bidi transcribe call.wav --stack DeepgramStack --srt > call.srt
  bidi transcribe stereo.wav --local --query multichannel=true
  bidi transcribe call.wav --endpoint speech --region us-east-1 --json | jq -r .type
  bidi transcribe talk.wav --local --model flux-general-en --speed 4
  bidi transcribe - --local --query keyterm=SageMaker --query diarize=true < call.wav
  arecord -f S16_LE -r 16000 -t raw | bidi transcribe - --local --encoding linear16 --sample-rate 16000`),
    )
    .action((file: string, options: TranscribeOptions) =>
      runStreaming('transcribe', options, signal => transcribe(file, options, signal)),
    );
}

async function transcribe(file: string, options: TranscribeOptions, interrupted: AbortSignal): Promise<void> {
  const input = openInput(file);
  const raw = rawInput(options);
  const found = await findStreamTarget(options);
  const model = servedModel('transcribe', options, found);
  await (model.protocol === 'deepgram' ? transcribeDeepgram : transcribeDialect)(
    { ...input, raw, found, model },
    options,
    interrupted,
  );
}

/** What is transcribed, by which model. */
interface Task {
  readonly source: AsyncIterable<Uint8Array>;
  readonly totalBytes?: number;
  readonly raw?: ReturnType<typeof rawInput>;
  readonly found: FoundEndpoint;
  readonly model: ServedModel;
}

async function transcribeDeepgram(task: Task, options: TranscribeOptions, interrupted: AbortSignal): Promise<void> {
  const { DeepgramListen, pace, readAudio, untilAborted } = await import('../../lib/speech');
  const modelName = task.model.modelName ?? 'nova-3';
  const isFlux = modelName.startsWith('flux-');
  const multichannel = options.query?.multichannel === 'true';
  const audio = await readAudio(untilAborted(task.source, interrupted), {
    raw: task.raw,
    g711: !isFlux,
    containers: !isFlux,
    multichannel,
    totalBytes: task.totalBytes,
  });
  const parameters = listenParameters(modelName, options, audio);
  DeepgramListen.request(parameters); // faults in the words come before anything is opened
  using target = await openFoundTarget(task.found, options);
  const listen = await openUnlessInterrupted(interrupted, abortSignal =>
    DeepgramListen.open({ ...target, parameters, resume: audio.raw !== undefined, abortSignal }),
  );
  const printer = new TranscriptPrinter({
    format: formatOf(options),
    stdout: process.stdout,
    stderr: options.json && process.stdout.isTTY ? { write: () => undefined } : process.stderr,
    totalSeconds: audio.seconds,
  });
  const { bytesPerSecond, frameBytes } = audio;
  const paced = bytesPerSecond
    ? pace(audio.chunks, { bytesPerSecond, frameBytes, speed: options.speed, abortSignal: interrupted })
    : audio.chunks;
  let isComplete = false;
  try {
    for await (const message of listen.transcribe(counted(paced, bytesPerSecond, printer))) printer.message(message);
    isComplete = true;
  } finally {
    printer.end();
    note(audio, { ...listen.statistics, isComplete }, interrupted);
  }
}

/** A transcription by a model of another dialect than Deepgram's. */
async function transcribeDialect(task: Task, options: TranscribeOptions, interrupted: AbortSignal): Promise<void> {
  const { nim, pace, readAudio, SpeechToText, untilAborted, vllm } = await import('../../lib/speech');
  const { protocol, modelName, maxModelLen } = task.model;
  const { language = 'en-US', maxModelLen: givenLength = maxModelLen } = options;
  if (protocol === 'vllm' && modelName === undefined) {
    throw new UsageError({
      what: '--model is missing.',
      why: 'vLLM takes the name that its server serves the model under.',
      next: 'Give --model NAME: the name that the server serves the model under, by default /opt/ml/model.',
    });
  }
  if (protocol === 'vllm' && (options.srt || options.vtt)) {
    throw new UsageError({
      what: 'vLLM gives no times, so there are no captions.',
      why: 'Its transcription is text alone.',
      next: 'Leave --srt and --vtt out.',
    });
  }
  const audio = await readAudio(untilAborted(task.source, interrupted), {
    raw: task.raw,
    containers: false,
    totalBytes: task.totalBytes,
  });
  const { raw, bytesPerSecond, frameBytes } = audio as Required<AudioInput>;
  using target = await openFoundTarget(task.found, options);
  const speech = await openUnlessInterrupted(interrupted, abortSignal =>
    SpeechToText.open({
      ...target,
      model:
        protocol === 'vllm'
          ? vllm({ model: modelName!, maxModelLen: givenLength })
          : nim({ language, model: modelName }),
      audio: raw!,
      abortSignal,
    }),
  );
  for (const loss of speech.conversionLosses) process.stderr.write(`${loss}\n`);
  const printer = new TranscriptPrinter({
    format: formatOf(options),
    stdout: process.stdout,
    stderr: process.stderr,
    totalSeconds: audio.seconds,
  });
  const paced = pace(audio.chunks, {
    bytesPerSecond: bytesPerSecond!,
    frameBytes,
    speed: options.speed,
    abortSignal: interrupted,
  });
  try {
    for await (const event of speech.transcribe(counted(paced, bytesPerSecond, printer))) printer.event(event);
  } finally {
    printer.end();
    note(audio, { resumes: 0, unreplayableBytes: 0, isComplete: false }, interrupted);
  }
}

/** The audio as it is, told to the printer as it is sent. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  bytesPerSecond: number | undefined,
  printer: TranscriptPrinter,
): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    sentBytes += chunk.length;
    if (bytesPerSecond) printer.sent(sentBytes / bytesPerSecond);
  }
}

/** Notes on stderr at the end of a transcript. */
function note(
  audio: AudioInput,
  statistics: { readonly resumes: number; readonly unreplayableBytes: number; readonly isComplete: boolean },
  interrupted: AbortSignal,
): void {
  const missing = audio.missingSeconds();
  if (missing > 0.05 && !interrupted.aborted) {
    process.stderr.write(`The file ends ${missing.toFixed(1)} s before the length that its header gives.\n`);
  }
  if (statistics.resumes > 0) {
    const lost = audio.bytesPerSecond ? statistics.unreplayableBytes / audio.bytesPerSecond : 0;
    const times = statistics.resumes === 1 ? 'once' : `${statistics.resumes} times`;
    const whole = statistics.isComplete ? '; no audio was lost' : '';
    process.stderr.write(
      `The stream broke ${times} and went on${lost > 0 ? `; ${lost.toFixed(1)} s of audio were lost` : whole}.\n`,
    );
  }
}

function openInput(file: string): { source: AsyncIterable<Uint8Array>; totalBytes?: number } {
  if (file === '-') {
    if (!process.stdin.isTTY) return { source: process.stdin };
    throw new UsageError({
      what: 'There is no audio on stdin.',
      why: 'It is the terminal.',
      next: 'Send a file or a recorder into it: bidi transcribe - < recording.wav',
    });
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found || found.isDirectory()) {
    throw new UsageError({
      what: `${file} ${found ? 'is a directory' : 'does not exist'}.`,
      why: 'The argument has to be a file with audio, or - for stdin.',
      next: 'Look at the path; it counts from the current directory.',
    });
  }
  // The size of a pipe or a device says nothing about how much will come.
  return { source: createReadStream(file), totalBytes: found.isFile() ? found.size : undefined };
}

function rawInput({ encoding, sampleRate, channels }: TranscribeOptions) {
  if (encoding === undefined && sampleRate === undefined) return undefined;
  if (encoding !== undefined && sampleRate !== undefined) return { encoding, sampleRate, channels };
  throw new UsageError({
    what: `${encoding ? '--sample-rate' : '--encoding'} is missing.`,
    why: 'Bare samples are described by both.',
    next: 'For example: --encoding linear16 --sample-rate 16000',
  });
}

function listenParameters(model: string, options: TranscribeOptions, audio: AudioInput): ListenParameters {
  const { raw } = audio;
  const isFlux = model.startsWith('flux-');
  return {
    model,
    // Flux refuses a language: a given one is an error and not ignored.
    language: options.language ?? (isFlux ? undefined : 'en'),
    ...(isFlux ? {} : { interim_results: true, smart_format: true }),
    ...(raw ? { encoding: raw.encoding, sample_rate: raw.sampleRate } : {}),
    ...(raw && raw.channels > 1 ? { channels: raw.channels } : {}),
    ...options.query,
  } as ListenParameters; // the parameters of the command line are checked when the stream is opened
}

function formatOf({ json, srt, vtt }: TranscribeOptions): TranscriptFormat {
  return json ? 'json' : srt ? 'srt' : vtt ? 'vtt' : 'text';
}

function speedFactor(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It has to be a number above zero, or max.');
  return value;
}

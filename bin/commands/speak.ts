import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { printable } from '../../lib/report/printable';
import { wrap } from '../../lib/report/wrap';
import type { RawEncoding, SpeakParameters, WavFormat, WavWriter } from '../../lib/speech';
import { wrappedHelp } from '../help-text';
import { collectPair } from '../key-value';
import { NoticePrinter } from '../model-notice';
import { openUnlessInterrupted, positiveNumber, runStreaming } from '../stream-command';
import { openStreamTarget, type StreamTargetOptions, TARGET_HELP, withStreamTarget } from '../stream-target';
import { columnsOf, LiveLine } from '../terminal';
import { UsageError } from '../usage-error';

interface SpeakOptions extends StreamTargetOptions {
  readonly output: string;
  readonly model: string;
  readonly encoding: RawEncoding;
  readonly sampleRate?: number;
  readonly query?: Record<string, string | string[]>;
  readonly json?: boolean;
}

/** `bidi speak TEXT|- -o FILE`: a text spoken into a WAV file. */
export function speakCommand(): Command {
  return withStreamTarget(new Command('speak'))
    .summary('a text spoken into a WAV file, as it arrives')
    .description(
      'Streams text to a Deepgram text-to-speech model (Aura-2 or Flux) and writes what it says into a WAV file that can be played at any moment, also when it is interrupted.',
    )
    .argument('<text>', 'what is to be said; - is the lines of stdin, sent as they come')
    .requiredOption('-o, --output <file>', 'WAV file to write; - is stdout, for a player')
    .option('--model <name>', 'aura-2-<voice>-<language> or flux-<voice>-<language>', 'aura-2-thalia-en')
    .addOption(
      new Option('--encoding <name>', 'how the samples are coded')
        .choices(['linear16', 'mulaw', 'alaw'])
        .default('linear16'),
    )
    .option('--sample-rate <hertz>', 'samples a second (default: 24000, µ-law and A-law 8000)', positiveNumber)
    .option('--query <key=value>', 'any other parameter of the model; may be repeated', collectPair)
    .option('--json', 'the messages of the model that are no audio, one JSON object a line')
    .addHelpText(
      'after',
      wrappedHelp(`${TARGET_HELP}

Examples:
  bidi speak "Hello there." -o hello.wav --local
  bidi speak "Hello there." -o - --stack DeepgramStack | aplay
  bidi speak - -o story.wav --endpoint voice --region us-east-1 < story.txt
  bidi speak "Guten Tag." -o tag.wav --local --model aura-2-viktoria-de --encoding mulaw`),
    )
    .action((text: string, options: SpeakOptions) =>
      runStreaming('speak', options, signal => speak(text, options, signal)),
    );
}

async function speak(text: string, options: SpeakOptions, interrupted: AbortSignal): Promise<void> {
  checkOutput(options);
  const { DeepgramSpeak } = await import('../../lib/speech');
  const sampleRate = options.sampleRate ?? (options.encoding === 'linear16' ? 24_000 : 8_000);
  const parameters = {
    model: options.model,
    encoding: options.encoding,
    sample_rate: sampleRate,
    ...options.query,
  } as SpeakParameters; // the parameters of the command line are checked when the stream is opened
  DeepgramSpeak.request(parameters); // faults in the words come before anything is opened
  using target = await openStreamTarget(options);
  const stream = await openUnlessInterrupted(interrupted, abortSignal =>
    DeepgramSpeak.open({ ...target, parameters, abortSignal }),
  );
  const recording = new Recording(options.output, {
    codec: options.encoding === 'linear16' ? 'pcm' : options.encoding,
    sampleRate,
    channels: 1,
    bytesPerSample: options.encoding === 'linear16' ? 2 : 1,
  });
  const live = new LiveLine(process.stderr);
  const tell = (words: string) => {
    live.clear();
    process.stderr.write(`${wrap(printable(words), columnsOf(process.stderr)).join('\n')}\n`);
  };
  const notices = new NoticePrinter(notice => tell(`The model notes: ${notice}`));
  try {
    for await (const message of stream.synthesize(text === '-' ? lines(interrupted) : [text])) {
      if (message.type === 'Audio') {
        await recording.write(message.data);
        live.show(`${recording.seconds.toFixed(1)} s of speech`);
      } else if (options.json) process.stdout.write(`${JSON.stringify(message)}\n`);
      else if (message.type === 'Warning') {
        tell(`The model warns: ${[message.code, message.description].filter(Boolean).join(': ')}`);
      } else notices.message(message);
    }
  } finally {
    await recording.close();
    live.clear();
    if (recording.seconds > 0) {
      const where = options.output === '-' ? '' : `, in ${options.output}`;
      process.stderr.write(`${recording.seconds.toFixed(1)} s of speech${where}.\n`);
    }
  }
  if (recording.seconds === 0 && !interrupted.aborted) throw silent();
}

/** The WAV file, or stdout; made with the first sample, so that a failed stream leaves no empty file and spoils no old one. */
class Recording {
  private file: WavWriter | undefined;
  private bytes = 0;

  constructor(
    private readonly path: string,
    private readonly format: WavFormat,
  ) {}

  get seconds(): number {
    return this.bytes / this.format.bytesPerSample / this.format.sampleRate;
  }

  async write(samples: Uint8Array): Promise<void> {
    const { WavWriter, wavHeader } = await import('../../lib/speech');
    if (this.path === '-') {
      if (this.bytes === 0) await toStdout(wavHeader(this.format));
      await toStdout(samples);
    } else {
      this.file ??= await WavWriter.create(this.path, this.format);
      await this.file.write(samples);
    }
    this.bytes += samples.length;
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

/** Resolves when the player at the other end has taken it. */
function toStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(bytes, error => (error ? reject(error) : resolve())));
}

/** Lines of stdin until its end or the interruption, each with its line break, which separates its words from the next one's. */
async function* lines(interrupted: AbortSignal): AsyncGenerator<string> {
  const input = createInterface({ input: process.stdin, terminal: false });
  interrupted.addEventListener('abort', () => input.close(), { once: true });
  for await (const line of input) yield `${line}\n`;
}

function checkOutput({ output, json }: SpeakOptions): void {
  if (output !== '-') {
    // Fails before any speech is billed, where the file cannot be written.
    const folder = dirname(output);
    if (!existsSync(folder)) {
      throw new UsageError({
        what: `There is no folder ${folder}.`,
        why: `${output} is to be made in it.`,
        next: `mkdir -p ${folder}`,
      });
    }
    accessSync(existsSync(output) ? output : folder, constants.W_OK);
    return;
  }
  if (process.stdout.isTTY) {
    throw new UsageError({
      what: 'The speech would go to the terminal.',
      why: '-o - writes a WAV file to stdout, for a player or a file.',
      next: 'Name a file, or pipe it: bidi speak TEXT -o - ... | aplay',
    });
  }
  if (json) {
    throw new UsageError({
      what: '--json and -o - both write to stdout.',
      why: 'Messages and samples would be mixed.',
      next: 'Name a file: -o speech.wav',
    });
  }
}

function silent(): UsageError {
  return new UsageError({
    what: 'The model sent no audio.',
    why: 'The text is empty, or has nothing in it that can be spoken.',
    next: 'Give it words.',
  });
}

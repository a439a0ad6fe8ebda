import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import type { ServedModel, SpeechProtocol } from '../../lib/contract';
import { printable } from '../../lib/report/printable';
import { wrap } from '../../lib/report/wrap';
import type { RawEncoding, SpeakParameters, WavFormat, WavWriter } from '../../lib/speech';
import { wrappedHelp } from '../help-text';
import { collectPair } from '../key-value';
import { NoticePrinter } from '../model-notice';
import { protocolsOf, servedModel } from '../served-model';
import { byteLines, textLines } from '../stdin-lines';
import { openUnlessInterrupted, positiveNumber, runStreaming } from '../stream-command';
import {
  findStreamTarget,
  type OpenStreamTarget,
  openFoundTarget,
  type StreamTargetOptions,
  TARGET_HELP,
  withStreamTarget,
} from '../stream-target';
import { columnsOf, LiveLine } from '../terminal';
import { UsageError } from '../usage-error';

interface SpeakOptions extends StreamTargetOptions {
  readonly output: string;
  readonly protocol?: SpeechProtocol;
  readonly model?: string;
  readonly voice?: string;
  readonly language?: string;
  readonly instructions?: string;
  readonly encoding?: RawEncoding;
  readonly sampleRate?: number;
  readonly query?: Record<string, string | string[]>;
  readonly json?: boolean;
}

/** `bidi speak TEXT|- -o FILE`: a text spoken into a WAV file. */
export function speakCommand(): Command {
  return withStreamTarget(new Command('speak'))
    .summary('write the speech of a text into a WAV file')
    .description(
      'Streams text to a text-to-speech model (Deepgram or vLLM-Omni) and writes its speech into a WAV file. The file can be played at any time, also after an interruption.',
    )
    .argument('<text>', 'text to speak; - reads the lines of stdin and sends each when it arrives')
    .requiredOption('-o, --output <file>', 'WAV file to write; - is stdout, for a player')
    .addOption(
      new Option(
        '--protocol <name>',
        "the model's protocol (default: as the stack or the local SageMaker tells, else deepgram)",
      ).choices(protocolsOf('speak')),
    )
    .option(
      '--model <name>',
      'aura-2-<voice>-<language> or flux-<voice>-<language>; with vllm-omni the served name (default: as for --protocol, else aura-2-thalia-en)',
    )
    .option('--voice <name>', "vllm-omni: the voice (default: the model's own)")
    .option('--language <name>', 'vllm-omni: language of the text (default: the model finds it out)')
    .option('--instructions <text>', 'vllm-omni: instructions for the voice, as text')
    .addOption(
      new Option('--encoding <name>', 'how the samples are coded (default: linear16)').choices([
        'linear16',
        'mulaw',
        'alaw',
      ]),
    )
    .option('--sample-rate <hertz>', 'samples a second (default: 24000, µ-law and A-law 8000)', positiveNumber)
    .option('--query <key=value>', 'any other parameter of the model; may be repeated', collectPair)
    .option('--json', 'messages of the model except audio, one JSON object a line')
    .addHelpText(
      'after',
      wrappedHelp(`${TARGET_HELP}

Examples:
  bidi speak "Hello there." -o hello.wav --local
  bidi speak "Hello there." -o - --stack DeepgramStack | aplay
  bidi speak - -o story.wav --endpoint voice --region us-east-1 < story.txt
  bidi speak "Hello there." -o hello.wav --endpoint voice --protocol vllm-omni --voice vivian
  bidi speak "Guten Tag." -o tag.wav --local --model aura-2-viktoria-de --encoding mulaw`),
    )
    .action((text: string, options: SpeakOptions) =>
      runStreaming('speak', options, signal => speak(text, options, signal)),
    );
}

async function speak(text: string, options: SpeakOptions, interrupted: AbortSignal): Promise<void> {
  checkOutput(options);
  const found = await findStreamTarget(options);
  const model = servedModel('speak', options, found);
  const voice = await (model.protocol === 'deepgram' ? deepgramVoiceOf : omniVoiceOf)(model, options);
  using target = await openFoundTarget(found, options);
  const recording = new Recording(options.output, voice.format);
  const live = new LiveLine(process.stderr);
  const tell = (words: string) => {
    live.clear();
    process.stderr.write(`${wrap(printable(words), columnsOf(process.stderr)).join('\n')}\n`);
  };
  const pieces = await openUnlessInterrupted(interrupted, abortSignal =>
    voice.open({ ...target, abortSignal }, text === '-' ? lines(interrupted) : [text], tell),
  );
  try {
    for await (const samples of pieces) {
      await recording.write(samples);
      live.show(`${recording.seconds.toFixed(1)} s of speech`);
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

/** A voice in its dialect: how its samples are coded, and the samples of texts. What is no sample is told or printed. */
interface Voice {
  readonly format: WavFormat;
  open(
    target: Pick<OpenStreamTarget, 'endpointName' | 'client' | 'targetVariant'> & { readonly abortSignal: AbortSignal },
    texts: AsyncIterable<string> | Iterable<string>,
    tell: (words: string) => void,
  ): Promise<AsyncIterable<Uint8Array>>;
}

async function deepgramVoiceOf({ modelName }: ServedModel, options: SpeakOptions): Promise<Voice> {
  const { DeepgramSpeak } = await import('../../lib/speech');
  const { encoding = 'linear16' } = options;
  const sampleRate = options.sampleRate ?? (encoding === 'linear16' ? 24_000 : 8_000);
  const parameters = {
    model: modelName ?? 'aura-2-thalia-en',
    encoding,
    sample_rate: sampleRate,
    ...options.query,
  } as SpeakParameters; // the parameters of the command line are checked when the stream is opened
  DeepgramSpeak.request(parameters); // faults in the words come before anything is opened
  refuse(options, { voice: 'the name of the model is the voice', instructions: 'Deepgram takes none' });
  return {
    format: wavFormat(encoding, sampleRate),
    open: async (target, texts, tell) => {
      const stream = await DeepgramSpeak.open({ ...target, parameters });
      const notices = new NoticePrinter(notice => tell(`The model notes: ${notice}`));
      return (async function* () {
        for await (const message of stream.synthesize(texts)) {
          if (message.type === 'Audio') yield message.data;
          else if (options.json) process.stdout.write(`${JSON.stringify(message)}\n`);
          else if (message.type === 'Warning') {
            tell(`The model warns: ${[message.code, message.description].filter(Boolean).join(': ')}`);
          } else notices.message(message);
        }
      })();
    },
  };
}

async function omniVoiceOf({ modelName }: ServedModel, options: SpeakOptions): Promise<Voice> {
  const { TextToSpeech, vllmOmni } = await import('../../lib/speech');
  const streamed = 'its stream is 16-bit samples at 24 kHz';
  refuse(options, { encoding: streamed, sampleRate: streamed, query: 'it reads no query' });
  const { voice, language, instructions } = options;
  const model = vllmOmni({ model: modelName, voice, language, instructions });
  return {
    format: wavFormat('linear16', model.audio.sampleRate),
    open: async (target, texts, tell) => {
      const stream = await TextToSpeech.open({ ...target, model });
      return (async function* () {
        for await (const event of stream.synthesize(texts)) {
          if (event.type === 'audio') yield event.data;
          else if (options.json) process.stdout.write(`${JSON.stringify(event)}\n`);
          else if (event.type === 'warning') tell(`The model warns: ${event.message}`);
        }
      })();
    },
  };
}

/** @throws UsageError when an option is given that the dialect cannot take: none is ignored */
function refuse(options: SpeakOptions, reasons: Partial<Record<keyof SpeakOptions, string>>): void {
  for (const [name, reason] of Object.entries(reasons)) {
    if (options[name as keyof SpeakOptions] === undefined) continue;
    const option = `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
    throw new UsageError({
      what: `${option} has no meaning for this model.`,
      why: `The protocol differs: ${reason}.`,
      next: `Leave ${option} out.`,
    });
  }
}

function wavFormat(encoding: RawEncoding, sampleRate: number): WavFormat {
  const isPcm = encoding === 'linear16';
  return { codec: isPcm ? 'pcm' : encoding, sampleRate, channels: 1, bytesPerSample: isPcm ? 2 : 1 };
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
  for await (const line of textLines(byteLines(process.stdin, interrupted))) yield `${line}\n`;
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

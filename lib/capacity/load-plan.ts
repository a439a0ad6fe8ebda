import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DeepgramProducts, ExplainedError } from '../contract';
import { DeepgramListen, readAudio } from '../speech';
import { AudioConverter } from '../speech/audio/audio-converter';
import { nimDialect } from '../speech/models/nim';
import { vllmDialect } from '../speech/models/vllm';
import { EchoLoad, type EchoLoadOptions } from './echo-load';
import { ListenLoad } from './listen-load';
import type { LoadProtocol } from './load-protocol';
import { RealtimeLoad } from './realtime-load';

/** Which load is made, in values that can be sent to another process. */
export type LoadPlan =
  | ({ readonly kind: 'echo' } & EchoLoadOptions)
  | {
      readonly kind: 'listen';
      /** Path of a recording. */
      readonly file: string;
      /**
       * Query of the stream, such as `model=nova-3&language=en`; encoding and sample rate follow from the recording. Nova-3 is asked for
       * interim results unless it says otherwise: without them, answers come only at pauses, and a lag is seen as late.
       */
      readonly query: string;
    }
  | {
      readonly kind: 'realtime';
      /** The protocol of the model. */
      readonly protocol: 'vllm' | 'nim';
      /** Path of a recording. It is converted where the model takes another rate. */
      readonly file: string;
      /** Name by which clients ask for the model; vLLM needs it. */
      readonly model?: string;
    }
  | {
      readonly kind: 'script';
      /** Path of a module that exports a {@link LoadProtocol}. */
      readonly file: string;
    };

/** The load cannot be made: a recording or a module is not what it has to be. */
class LoadPlanError extends ExplainedError {
  override readonly code = 'ERR_BIDI_LOAD_PLAN';
}

/**
 * Makes the protocol of a plan.
 *
 * @throws LoadPlanError when a recording or a module is not usable.
 */
export async function loadProtocol(plan: LoadPlan): Promise<LoadProtocol> {
  switch (plan.kind) {
    case 'echo':
      return new EchoLoad(plan);
    case 'listen':
      return listenProtocol(plan.file, plan.query);
    case 'realtime':
      return realtimeProtocol(plan);
    case 'script':
      return scriptProtocol(plan.file);
  }
}

/** Without interim results, Deepgram answers at pauses: speech without one for this long counts as unanswered. In milliseconds. */
const PAUSE_INTERVAL_MS = 15_000;

/** Audio of one token of a Voxtral model, in seconds; vLLM sends a delta for each, most of them empty. */
const SECONDS_PER_TOKEN = 0.08;

/** Audio without a token that counts as unanswered, in milliseconds: above a Voxtral model's delay of 480 ms. */
const TOKEN_INTERVAL_MS = 1_000;

/** Language of a NIM where none is asked for, as its clients have it. */
const NIM_LANGUAGE = 'en-US';

/** NIM answers at the end of an utterance: speech without one for this long counts as unanswered. In milliseconds. */
const UTTERANCE_INTERVAL_MS = 15_000;

async function realtimeProtocol({ protocol, file, model }: LoadPlan & { kind: 'realtime' }): Promise<RealtimeLoad> {
  const { samples, raw } = await readSamples(file);
  const converter = await AudioConverter.create(raw, REALTIME_SAMPLE_RATE);
  const converted = Buffer.concat([Buffer.from(converter.convert(samples)), converter.end()]);
  const audio = { encoding: 'linear16', sampleRate: REALTIME_SAMPLE_RATE, channels: 1 } as const;
  return new RealtimeLoad({
    samples: converted,
    bytesPerSecond: 2 * REALTIME_SAMPLE_RATE,
    ...(protocol === 'vllm'
      ? {
          dialect: () => vllmDialect(model ?? ''),
          secondsPerPartial: SECONDS_PER_TOKEN,
          answerIntervalMs: TOKEN_INTERVAL_MS,
        }
      : {
          dialect: () => nimDialect({ language: NIM_LANGUAGE, model }, audio),
          answerIntervalMs: UTTERANCE_INTERVAL_MS,
        }),
  });
}

/** Samples a second that a realtime load sends, in Hz: what vLLM takes, and what NIM is told. */
const REALTIME_SAMPLE_RATE = 16_000;

async function readSamples(file: string) {
  const audio = await readAudio(createReadStream(file), {
    totalBytes: statSync(file).size,
    g711: false,
    containers: false,
  });
  if (!audio.raw || audio.bytesPerSecond === undefined) {
    throw new LoadPlanError({
      what: `${file} holds no samples that can be paced.`,
      why: 'Only WAV files tell how many bytes a second of them has.',
      next: 'Convert it, for example with: ffmpeg -i FILE -ar 16000 -ac 1 recording.wav',
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of audio.chunks) chunks.push(Buffer.from(chunk));
  return { samples: Buffer.concat(chunks), raw: audio.raw, bytesPerSecond: audio.bytesPerSecond };
}

async function listenProtocol(file: string, query: string): Promise<ListenLoad> {
  const { samples, raw, bytesPerSecond } = await readSamples(file);
  const asked = Object.fromEntries(new URLSearchParams(query));
  const parameters = {
    ...(new RegExp(DeepgramProducts.nova3.modelPattern).test(asked.model ?? '') && { interim_results: 'true' }),
    ...asked,
    encoding: raw.encoding,
    sample_rate: raw.sampleRate,
    ...(raw.channels > 1 && { channels: raw.channels }),
  };
  const { product, queryString } = DeepgramListen.request(parameters as Parameters<typeof DeepgramListen.request>[0]);
  return new ListenLoad({
    target: { modelInvocationPath: product.path, modelQueryString: queryString },
    samples,
    bytesPerSecond,
    closeMessage: JSON.stringify({ type: product.closeMessage }),
    answerIntervalMs: asked.interim_results === 'false' ? PAUSE_INTERVAL_MS : undefined,
  });
}

function scriptProtocol(file: string): LoadProtocol {
  const path = resolve(file);
  let module: { default?: unknown; load?: unknown };
  try {
    module = require(path) as typeof module;
  } catch (cause) {
    throw new LoadPlanError(
      {
        what: `${path} could not be loaded.`,
        why: (cause as Error).message.split('\n')[0]!,
        next: 'Give a CommonJS or TypeScript module.',
      },
      { cause },
    );
  }
  const protocol = [module.default, module.load, module].find(isProtocol);
  if (protocol) return protocol;
  throw new LoadPlanError({
    what: `${path} exports no load.`,
    why: 'It has to export, as default or as `load`, an object with a function `run(session, context)`.',
    next: 'exports.load = { async run(session, context) { for await (const dueAt of context.ticks(100)) … } }',
  });
}

function isProtocol(value: unknown): value is LoadProtocol {
  return typeof (value as LoadProtocol | undefined)?.run === 'function';
}

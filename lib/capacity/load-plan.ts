import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DeepgramProducts, ExplainedError } from '../contract';
import { DeepgramListen, readAudio } from '../speech';
import { EchoLoad, type EchoLoadOptions } from './echo-load';
import { ListenLoad } from './listen-load';
import type { LoadProtocol } from './load-protocol';

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
    case 'script':
      return scriptProtocol(plan.file);
  }
}

/** Without interim results, Deepgram answers at pauses: speech without one for this long counts as unanswered. In milliseconds. */
const PAUSE_INTERVAL_MS = 15_000;

async function listenProtocol(file: string, query: string): Promise<ListenLoad> {
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
  const asked = Object.fromEntries(new URLSearchParams(query));
  const parameters = {
    ...(DeepgramProducts.nova3.model.test(asked.model ?? '') && { interim_results: 'true' }),
    ...asked,
    encoding: audio.raw.encoding,
    sample_rate: audio.raw.sampleRate,
    ...(audio.raw.channels > 1 && { channels: audio.raw.channels }),
  };
  const { product, queryString } = DeepgramListen.request(parameters as Parameters<typeof DeepgramListen.request>[0]);
  return new ListenLoad({
    target: { modelInvocationPath: product.path, modelQueryString: queryString },
    samples: Buffer.concat(chunks),
    bytesPerSecond: audio.bytesPerSecond,
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

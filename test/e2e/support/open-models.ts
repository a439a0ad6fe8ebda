import type { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import type { EndpointDefinition } from '../../../lib/local';
import {
  nim,
  type SpeechEvent,
  SpeechToText,
  type SpeechToTextOptions,
  TextToSpeech,
  type TranscriptionEvent,
  vllm,
  vllmOmni,
} from '../../../lib/speech';

/** 16-bit mono at 16 kHz. */
const AUDIO = { encoding: 'linear16', sampleRate: 16_000 } as const;

/** Ten pieces of 100 ms. */
const PIECES = Array.from({ length: 10 }, () => Buffer.alloc(3_200));

const TEXT = 'Hello there.';

/** The fake of the open models, as an endpoint. */
export const OPEN_MODELS: EndpointDefinition = {
  name: 'open-models',
  variants: [
    {
      name: 'AllTraffic',
      model: {
        name: 'open-models',
        environment: {},
        directory: __dirname,
        command: ['node', 'open-models-container.js'],
      },
    },
  ],
};

/** What is waited for between the first piece of the input and the rest. */
export type Hold = () => Promise<void>;

/** Each adapter of the open models: sends its input to the fake's end, and gives back what came. */
export const OPEN_MODEL_ADAPTERS = {
  vllm: (client: SageMakerRuntimeHTTP2Client, hold?: Hold) => transcribe(client, vllm({ model: 'tiny' }), hold),
  nim: (client: SageMakerRuntimeHTTP2Client, hold?: Hold) => transcribe(client, nim({ language: 'en-US' }), hold),
  'vllm-omni': speak,
} as const;

/** What each adapter gives back when nothing is lost. */
export const WHOLE = {
  vllm: 'heard 32000 bytes',
  nim: 'heard 32000 bytes',
  'vllm-omni': `${200 * TEXT.length} bytes of audio`,
} as const;

/** @throws SpeechIncompleteError, SpeechModelError when the model did not say that this was everything */
async function transcribe(
  client: SageMakerRuntimeHTTP2Client,
  model: SpeechToTextOptions['model'],
  hold?: Hold,
): Promise<string> {
  const speech = await SpeechToText.open({ endpointName: 'open-models', client, model, audio: AUDIO });
  let text = '';
  for await (const event of speech.transcribe(held(PIECES, hold)) as AsyncIterable<TranscriptionEvent>) {
    if (event.type === 'final') text += event.text;
  }
  if (!speech.complete) throw new Error('It ended without an error, and is not complete.');
  return text;
}

/** @throws SpeechIncompleteError, SpeechModelError when the model did not say that this was everything */
async function speak(client: SageMakerRuntimeHTTP2Client, hold?: Hold): Promise<string> {
  const voice = await TextToSpeech.open({ endpointName: 'open-models', client, model: vllmOmni() });
  let bytes = 0;
  const words = held([TEXT.slice(0, 5), TEXT.slice(5)], hold);
  for await (const event of voice.synthesize(words) as AsyncIterable<SpeechEvent>) {
    if (event.type === 'audio') bytes += event.data.length;
  }
  if (!voice.complete) throw new Error('It ended without an error, and is not complete.');
  return `${bytes} bytes of audio`;
}

async function* held<T>(pieces: readonly T[], hold?: Hold): AsyncGenerator<T> {
  for (const [index, piece] of pieces.entries()) {
    if (index === 1) await hold?.();
    yield piece;
  }
}

import { DeepgramProducts } from '../../contract';
import { Opcode } from '../../wire/frame';
import type { Exchange, ExchangeMessage, Expectation } from './exchange';

/** Protocols of which a real exchange can be played without a file. */
export const CHECK_PROTOCOLS = ['deepgram', 'vllm', 'vllm-omni', 'nim'] as const;
/** One of {@link CHECK_PROTOCOLS}. */
export type CheckProtocol = (typeof CHECK_PROTOCOLS)[number];

/** Samples a second of the audio that is sent: the rate that vLLM and NIM take. */
const SAMPLE_RATE = 16_000;

/** Length of one piece of audio, in milliseconds. */
const PIECE_MS = 100;

/** Pieces of the audio: one second. */
const PIECES = 10;

/** Longest wait for each event, in milliseconds: a model may warm up in its first session. */
const EVENT_TIMEOUT_MS = 30_000;

/** Served name of weights under `/opt/ml/model`, which is their path (vLLM, `--served-model-name`). */
const MODEL_DIRECTORY_NAME = '/opt/ml/model';

/**
 * An exchange of a protocol: one second of audio or one sentence in, the events that have to come out, and the protocol's own end.
 *
 * Sources: developers.deepgram.com for Deepgram; `vllm/entrypoints/speech_to_text/realtime` for vLLM; `serving_speech_stream.py` for
 * vLLM-Omni; nvidia-riva/python-clients, `riva/client/realtime.py`, for NIM.
 *
 * @param model name of the model, where the protocol names one; the default is the protocol's own
 */
export function protocolExchange(protocol: CheckProtocol, model?: string): Exchange {
  const exchange = EXCHANGES[protocol](model);
  return { timeoutMs: EVENT_TIMEOUT_MS, ...exchange };
}

const EXCHANGES: Readonly<Record<CheckProtocol, (model: string | undefined) => Exchange>> = {
  deepgram: (model = 'nova-3') => ({
    path: DeepgramProducts.nova3.path,
    query: `model=${model}&language=en&encoding=linear16&sample_rate=${SAMPLE_RATE}&interim_results=true`,
    send: [...audioPieces().map(binary), text({ type: 'CloseStream' })],
    // The final Metadata is Nova-3's own word that everything was transcribed.
    expect: [event('Results'), event('Metadata')],
  }),
  vllm: (model = MODEL_DIRECTORY_NAME) => ({
    path: 'v1/realtime',
    send: [
      text({ type: 'session.update', model }),
      // The first commit starts the transcription, the final one ends it.
      text({ type: 'input_audio_buffer.commit' }),
      ...audioPieces().map(appended),
      text({ type: 'input_audio_buffer.commit', final: true }),
    ],
    expect: [event('session.created'), event('transcription.done')],
  }),
  'vllm-omni': model => ({
    path: 'v1/audio/speech/stream',
    send: [
      text({ type: 'session.config', ...(model && { model }), response_format: 'pcm', stream_audio: true }),
      text({ type: 'input.text', text: 'This is a check of the speech stream.' }),
      text({ type: 'input.done' }),
    ],
    expect: [event('audio.start'), { type: 'binary' }, event('audio.done'), event('session.done')],
  }),
  nim: model => ({
    path: 'v1/realtime',
    query: 'intent=transcription',
    send: [
      text({
        type: 'transcription_session.update',
        session: {
          input_audio_format: 'pcm16',
          input_audio_params: { sample_rate_hz: SAMPLE_RATE, num_channels: 1 },
          input_audio_transcription: { language: 'en-US', ...(model && { model }) },
        },
      }),
      ...audioPieces().flatMap(piece => [appended(piece), text({ type: 'input_audio_buffer.commit' })]),
      text({ type: 'input_audio_buffer.done' }),
    ],
    expect: [
      event('conversation.created'),
      event('transcription_session.updated'),
      event('conversation.item.input_audio_transcription.completed'),
    ],
  }),
};

function text(message: object): ExchangeMessage {
  return { opcode: Opcode.TEXT, payload: Buffer.from(JSON.stringify(message)), intervalMs: 0 };
}

function binary(piece: Buffer): ExchangeMessage {
  return { opcode: Opcode.BINARY, payload: piece, intervalMs: PIECE_MS };
}

function appended(piece: Buffer): ExchangeMessage {
  return {
    ...text({ type: 'input_audio_buffer.append', audio: piece.toString('base64') }),
    intervalMs: PIECE_MS,
  };
}

function event(type: string): Expectation {
  return { type: 'text', json: { type } };
}

/** One second of 16-bit mono audio in real-time pieces: a tone that swells like a syllable. What a model hears in it does not matter. */
function audioPieces(): Buffer[] {
  const samples = (SAMPLE_RATE * PIECE_MS) / 1_000;
  return Array.from({ length: PIECES }, (_, index) => {
    const piece = Buffer.alloc(2 * samples);
    for (let sample = 0; sample < samples; sample++) {
      const seconds = (index * samples + sample) / SAMPLE_RATE;
      const swell = Math.sin(2 * Math.PI * 4 * seconds) ** 2;
      piece.writeInt16LE(Math.round(8_000 * swell * Math.sin(2 * Math.PI * 180 * seconds)), 2 * sample);
    }
    return piece;
  });
}

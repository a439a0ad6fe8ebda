import { DeepgramProducts } from '../../contract';
import type { RawAudio, RawEncoding } from '../../speech';
import { SAMPLE_BYTES } from '../../speech/audio/frame-bytes';
import type { RoutedTarget } from '../route';
import type { UtteranceEndSign } from './listen-stream';

/** What the query of a client says of a session that can go on with another stream. */
export interface ListenRequest {
  readonly audio: RawAudio;
  readonly utteranceEnd: UtteranceEndSign;
}

/**
 * Reads the path and query of a client.
 *
 * @returns undefined where another stream cannot go on unnoticed: speech synthesis; audio in a container, which begins with a header; and
 * `diarize`, whose speakers another stream would number anew
 */
export function listenRequest({ modelInvocationPath, modelQueryString }: RoutedTarget): ListenRequest | undefined {
  const { nova3, flux } = DeepgramProducts;
  if (modelInvocationPath !== nova3.path && modelInvocationPath !== flux.path) return undefined;
  const query = new URLSearchParams(modelQueryString);
  const encoding = query.get('encoding') as RawEncoding;
  const sampleRate = Number(query.get('sample_rate'));
  const channels = Number(query.get('channels') ?? 1);
  if (!(encoding in SAMPLE_BYTES) || !(sampleRate > 0 && channels > 0) || query.get('diarize') === 'true') {
    return undefined;
  }
  return { audio: { encoding, sampleRate, channels }, utteranceEnd: utteranceEnd(query) };
}

function utteranceEnd(query: URLSearchParams): UtteranceEndSign {
  if (query.has('utterance_end_ms')) return 'UtteranceEnd';
  return query.get('endpointing') === 'false' ? 'is_final' : 'speech_final';
}

import type { AudioOutput } from '../../audio/audio-format';
import type { Parameters } from '../../parameters';

/** Sample rates by encoding, the default first, in Hz (developers.deepgram.com/docs/tts-media-output-settings). */
const SAMPLE_RATES_HZ: Record<AudioOutput['encoding'], readonly number[]> = {
  linear16: [24_000, 8_000, 16_000, 32_000, 44_100, 48_000],
  mulaw: [8_000, 16_000],
  alaw: [8_000, 16_000],
};

/** @throws ParameterError */
export function readAudioOutput(parameters: Parameters): AudioOutput {
  const encoding = (parameters.oneOf('encoding', Object.keys(SAMPLE_RATES_HZ)) ??
    'linear16') as AudioOutput['encoding'];
  const rates = SAMPLE_RATES_HZ[encoding];
  const sampleRate = Number(parameters.oneOf('sample_rate', rates.map(String)) ?? rates[0]);
  return { encoding, sampleRate };
}

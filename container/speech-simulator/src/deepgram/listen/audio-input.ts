import { AudioClock, ENCODINGS, isRaw } from '../../listening/audio-clock';
import { ParameterError, type Parameters } from '../../parameters';
import { Script } from '../../script';

/** Sample rates that are taken, in Hz. */
const SAMPLE_RATE_HZ = { min: 8_000, max: 192_000 };

/** Name of the one query parameter that Deepgram does not have: a transcript to play instead of the script. */
const TRANSCRIPT_PARAMETER = 'simulator_transcript';

/** The audio settings in the query of both listening protocols. */
export function readAudioInput(parameters: Parameters): { clock: AudioClock; channels: number } {
  const encoding = parameters.oneOf('encoding', ENCODINGS);
  const sampleRate = parameters.number('sample_rate', SAMPLE_RATE_HZ.min, SAMPLE_RATE_HZ.max);
  const channels = parameters.number('channels', 1, 20) ?? 1;
  if (encoding !== undefined && isRaw(encoding) && sampleRate === undefined) {
    throw new ParameterError(`missing field \`sample_rate\`, which encoding \`${encoding}\` needs`);
  }
  const raw = encoding === undefined ? undefined : { encoding, sampleRate: sampleRate ?? 0, channels };
  return { clock: new AudioClock(raw), channels };
}

/** The query's own transcript, or the container's script. */
export function readScript(parameters: Parameters, script: Script): Script {
  const transcript = parameters.text(TRANSCRIPT_PARAMETER);
  return transcript === undefined ? script : Script.fromText(transcript);
}

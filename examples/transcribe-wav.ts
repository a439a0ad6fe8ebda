/**
 * Streams a WAV file to a Deepgram model as fast as a microphone would, and prints each line when it is final.
 *
 *   node --require esbuild-register examples/transcribe-wav.ts ENDPOINT FILE
 *
 * Region and credentials come from the environment, as for every AWS SDK. For an endpoint on this machine, take the variables that
 * `npx bidi local DeepgramStack --simulate` prints.
 */
import { createReadStream } from 'node:fs';
import { DeepgramListen, pace, readAudio, Transcript } from '../lib/speech'; // in your application: 'sagemaker-bidi-kit/speech'

async function main(endpointName: string, file: string): Promise<void> {
  const audio = await readAudio(createReadStream(file));
  if (!audio.raw) throw new Error(`${file} is ${audio.description}; this example paces WAV files.`);
  const { encoding, sampleRate } = audio.raw;

  await using listen = await DeepgramListen.open({
    endpointName,
    parameters: { model: 'nova-3', language: 'en', encoding, sample_rate: sampleRate, smart_format: true },
    resume: true, // a lost connection, and the 30-minute limit, go on with another stream; nothing is lost
  });
  const paced = pace(audio.chunks, { bytesPerSecond: audio.bytesPerSecond!, frameBytes: audio.frameBytes });

  const transcript = new Transcript();
  for await (const message of listen.transcribe(paced)) {
    for (const { text } of transcript.add(message)) console.log(text);
  }
  for (const { text } of transcript.end()) console.log(text);
}

const [endpointName, file] = process.argv.slice(2);
if (!endpointName || !file) {
  console.error('Usage: transcribe-wav.ts ENDPOINT FILE');
  process.exit(2);
}
main(endpointName, file).catch(error => {
  console.error(error.message);
  process.exit(1);
});

// LiveKit's agents: speech to text with the plugins of Deepgram and OpenAI. Arguments: plugin, base URL, token, WAV file of 16 kHz.
const { readFileSync } = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');
const { initializeLogger, stt } = require('@livekit/agents');
const { AudioFrame } = require('@livekit/rtc-node');

const [plugin, baseURL, apiKey, recording] = process.argv.slice(2);
const WAV_HEADER_BYTES = 44;
const PIECE_SAMPLES = 1_600;

initializeLogger({ pretty: false, level: 'silent' });

const PLUGINS = {
  deepgram: () => {
    const deepgram = require('@livekit/agents-plugin-deepgram');
    return new deepgram.STT({ apiKey, baseUrl: baseURL, model: 'nova-3', language: 'en-US', sampleRate: 16_000 });
  },
  openai: () => {
    const openai = require('@livekit/agents-plugin-openai');
    // The agent commits where it flushes: the gateway detects no turns.
    return new openai.STT({ apiKey, baseURL, model: 'gpt-4o-transcribe', turnDetection: null, vad: null });
  },
};

async function main() {
  const heard = { interim: 0, finals: [] };
  const stream = PLUGINS[plugin]().stream();
  const listening = (async () => {
    for await (const event of stream) {
      if (event.type === stt.SpeechEventType.INTERIM_TRANSCRIPT) heard.interim += 1;
      if (event.type === stt.SpeechEventType.FINAL_TRANSCRIPT) heard.finals.push(event.alternatives[0].text);
      if (plugin === 'openai' && heard.finals.length > 0) return;
      if (heard.finals.length === 3) return;
    }
  })();
  const audio = readFileSync(recording).subarray(WAV_HEADER_BYTES);
  const samples = new Int16Array(audio.buffer.slice(audio.byteOffset, audio.byteOffset + audio.length));
  for (let offset = 0; offset < samples.length; offset += PIECE_SAMPLES) {
    const piece = samples.slice(offset, offset + PIECE_SAMPLES);
    stream.pushFrame(new AudioFrame(piece, 16_000, 1, piece.length));
    await delay(100);
  }
  stream.flush();
  await Promise.race([listening, delay(20_000)]);
  process.stdout.write(`${JSON.stringify(heard)}\n`, () => process.exit());
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});

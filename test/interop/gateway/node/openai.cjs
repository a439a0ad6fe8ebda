// OpenAI's package: realtime transcription. Arguments: base URL (https), token, WAV file of 24 kHz.
const { readFileSync } = require('node:fs');
const OpenAI = require('openai');
const { OpenAIRealtimeWS } = require('openai/realtime/ws');

const [baseURL, apiKey, recording] = process.argv.slice(2);
const WAV_HEADER_BYTES = 44;
const heard = { deltas: 0, transcript: '', item: '', committed: '', errors: [], detection: '' };
const realtime = new OpenAIRealtimeWS({ intent: 'transcription' }, new OpenAI({ baseURL, apiKey }));

const update = turnDetection => ({
  type: 'session.update',
  session: {
    type: 'transcription',
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        transcription: { model: 'gpt-4o-transcribe' },
        turn_detection: turnDetection,
      },
    },
  },
});

realtime.on('session.created', () => realtime.send(update({ type: 'server_vad' })));
realtime.on('error', error => {
  if (error.error?.param !== 'session.audio.input.turn_detection') {
    heard.errors.push(error.message);
    return;
  }
  heard.detection = error.error.message;
  realtime.send(update(null));
});
realtime.on('session.updated', () => {
  const audio = readFileSync(recording).subarray(WAV_HEADER_BYTES);
  for (let offset = 0; offset < audio.length; offset += 4_800) {
    const piece = audio.subarray(offset, offset + 4_800).toString('base64');
    realtime.send({ type: 'input_audio_buffer.append', audio: piece });
  }
  realtime.send({ type: 'input_audio_buffer.commit' });
});
realtime.on('input_audio_buffer.committed', event => {
  heard.committed = event.item_id;
});
realtime.on('conversation.item.input_audio_transcription.delta', () => {
  heard.deltas += 1;
});
realtime.on('conversation.item.input_audio_transcription.completed', event => {
  heard.item = event.item_id;
  heard.transcript = event.transcript;
  realtime.close();
});
realtime.socket.on('close', code => console.log(JSON.stringify({ ...heard, close: code })));

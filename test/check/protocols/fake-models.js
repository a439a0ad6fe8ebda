// Not the real models: fakes that keep the order of their events, to test what is played to them. BROKEN leaves an event out.
const { serve } = require('../broken/base');

const { PROTOCOL, BROKEN } = process.env;

const PATHS = { vllm: '/v1/realtime', 'vllm-omni': '/v1/audio/speech/stream', nim: '/v1/realtime' };

function session(webSocket) {
  const say = (type, fields = {}) => type !== BROKEN && webSocket.send(JSON.stringify({ type, ...fields }));
  let hasAudio = false;
  if (PROTOCOL === 'vllm') say('session.created');
  if (PROTOCOL === 'nim') say('conversation.created');
  webSocket.on('error', () => undefined);
  webSocket.on('message', (data, isBinary) => {
    // vLLM ends the connection at a binary frame.
    if (isBinary) return webSocket.close(1003);
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return say('error', { error: 'not JSON', code: 'invalid_json' });
    }
    hasAudio ||= message.type === 'input_audio_buffer.append' && Buffer.from(message.audio, 'base64').length === 3_200;
    if (PROTOCOL === 'vllm') {
      if (message.type === 'session.update' && message.model !== 'tiny') say('error', { code: 'model_not_found' });
      if (message.type === 'input_audio_buffer.commit' && message.final && hasAudio) {
        say('transcription.delta', { delta: 'a' });
        say('transcription.done', { text: 'a' });
      }
    } else if (PROTOCOL === 'nim') {
      if (message.type === 'transcription_session.update') say('transcription_session.updated');
      if (message.type === 'input_audio_buffer.done' && hasAudio) {
        say('conversation.item.input_audio_transcription.completed', { transcript: 'a', is_last_result: true });
      }
    } else if (message.type === 'input.done') {
      say('audio.start');
      webSocket.send(Buffer.alloc(480));
      say('audio.done');
      say('session.done');
    }
  });
}

serve({
  upgrade: (request, accept, refuse) => (request.url.split('?')[0] === PATHS[PROTOCOL] ? accept() : refuse(404)),
  session,
});

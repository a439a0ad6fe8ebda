// Not the real models: a container that keeps the order of the events of vLLM, NIM and vLLM-Omni, and says how many bytes it heard. It sends
// its last message in parts, and closes with 1000 behind it, while the client may not have ended its input yet.
const { serve } = require('../../check/broken/base');

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

function session(webSocket, _server, request) {
  const say = (type, fields = {}) => webSocket.send(JSON.stringify({ type, ...fields }));
  const sayLast = (type, fields = {}) => {
    const text = JSON.stringify({ type, ...fields });
    webSocket.send(text.slice(0, 10), { fin: false });
    webSocket.send(text.slice(10), { fin: true });
    webSocket.close(1000);
  };
  const isNim = request.url.includes('intent=transcription');
  let bytes = 0;
  let spoken = '';
  webSocket.on('error', () => undefined);
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) return webSocket.close(1003);
    const message = JSON.parse(data);
    if (message.type === 'input_audio_buffer.append') {
      bytes += Buffer.from(message.audio, 'base64').length;
      say(isNim ? `${TRANSCRIPTION}.delta` : 'transcription.delta', { delta: ' a' });
    }
    if (message.type === 'input_audio_buffer.commit' && message.final) {
      sayLast('transcription.done', { text: `heard ${bytes} bytes`, usage: { total_tokens: bytes / 2_560 } });
    }
    if (message.type === 'input_audio_buffer.done') {
      sayLast(`${TRANSCRIPTION}.completed`, { transcript: `heard ${bytes} bytes`, is_last_result: true });
    }
    if (message.type === 'input.text') spoken += message.text;
    if (message.type === 'input.done') {
      webSocket.send(Buffer.alloc(100 * spoken.length), { fin: false });
      webSocket.send(Buffer.alloc(100 * spoken.length), { fin: true });
      say('session.done');
    }
    if (message.type === 'session.close') webSocket.close(1000);
  });
}

serve({ upgrade: (_request, accept) => accept(), session });

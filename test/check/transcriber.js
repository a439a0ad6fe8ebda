// No fault and no echo: it answers bytes with a transcript, as a speech model does.
const { serve } = require('./broken/base');

serve({
  upgrade: (request, accept, refuse) =>
    /^\/v1\/listen\?model=/.test(request.url) ? accept() : refuse(request.url.startsWith('/v1/listen') ? 400 : 404),
  session: webSocket => {
    let bytes = 0;
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) {
        bytes += data.length;
      } else if (data.toString() === '{"type":"Finalize"}') {
        webSocket.send(JSON.stringify({ type: 'Results', is_final: true, bytes }));
        bytes = 0;
      }
    });
    webSocket.on('error', () => undefined);
  },
});

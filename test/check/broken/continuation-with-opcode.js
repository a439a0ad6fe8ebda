const { Sender } = require('ws');
const { echo, serve } = require('./base');
serve({
  session: webSocket =>
    echo(webSocket, {
      reply: (data, isBinary) => {
        if (data.length < 512 * 1024) return webSocket.send(data, { binary: isBinary });
        const half = data.length / 2;
        for (const [part, fin] of [
          [data.subarray(0, half), false],
          [data.subarray(half), true],
        ]) {
          const frame = { fin, opcode: 2, mask: false, readOnly: true, rsv1: false };
          for (const bytes of Sender.frame(part, frame)) webSocket._socket.write(bytes);
        }
      },
    }),
});

const { server: WebSocketServer } = require('websocket');
const { serve } = require('./base');

/** A container that puts its frames together by itself: `onFrame(frame, reply)` is called for each. */
exports.serveFrames = newSession => {
  const connections = new Set();
  serve({
    attach: http => {
      new WebSocketServer({
        httpServer: http,
        autoAcceptConnections: false,
        assembleFragments: false,
        maxReceivedFrameSize: 16 * 1024 * 1024,
      }).on('request', request => {
        if (request.resource.split('?')[0] !== '/invocations-bidirectional-stream') return request.reject(404);
        const connection = request.accept();
        connections.add(connection);
        connection.on('close', () => connections.delete(connection));
        const onFrame = newSession((isText, data) => {
          if (isText && !require('node:buffer').isUtf8(data)) return connection.drop(1007, '');
          connection[isText ? 'sendUTF' : 'sendBytes'](isText ? data.toString() : data);
          if (connection.outputBufferFull) connection.pause();
        });
        connection.on('frame', onFrame);
        connection.on('ping', (_cancel, data) => onFrame({ opcode: 9, binaryPayload: data }));
        connection.on('drain', () => connection.resume());
        connection.on('error', () => undefined);
      });
    },
    sigterm: () => {
      for (const connection of connections) connection.close(1001);
      setTimeout(() => process.exit(0), 50);
    },
  });
};

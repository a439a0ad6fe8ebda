// A container for tests: what it does is told by the path and query of the WebSocket, so that one process plays every part.
const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 << 20 });
let pingStatus = Number(process.env.PING_STATUS ?? 200);

if (process.env.EXIT_AT_START) {
  console.error('model file is missing');
  process.exit(Number(process.env.EXIT_AT_START));
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://container');
  if (url.pathname === '/ping') return response.writeHead(pingStatus).end();
  if (url.pathname === '/invocations') return invocations(request, response, url);
  return response.writeHead(404).end();
});

function invocations(request, response) {
  const behaviour = request.headers['x-amzn-sagemaker-custom-attributes'] ?? '';
  if (behaviour === 'fail') return response.writeHead(418, { 'content-type': 'text/plain' }).end('short and stout');
  if (behaviour === 'crash') return process.exit(7);
  if (behaviour === 'break') {
    response.writeHead(200);
    return response.write('half', () => setTimeout(() => response.destroy(), 20));
  }
  if (behaviour === 'endless') return endless(response);
  response.writeHead(200, {
    'content-type': request.headers['content-type'] ?? 'application/octet-stream',
    'x-amzn-sagemaker-custom-attributes': behaviour,
  });
  return request.pipe(response);
}

// Answers without an end, and tells on stdout how much was taken.
function endless(response) {
  const piece = Buffer.alloc(1 << 20);
  let taken = 0;
  response.on('close', () => console.log(`taken ${taken}`));
  const write = () => {
    while (!response.destroyed && response.write(piece)) taken += piece.length;
    taken += piece.length;
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}

server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'http://container');
  const act = url.searchParams.get('act') ?? 'echo';
  socket.on('error', () => {});
  if (act === 'refuse') return socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nno such language');
  if (act === 'hang') return undefined;
  if (act === 'drop') return socket.destroy();
  if (act === 'late')
    return setTimeout(() => upgrade(request, socket, head, url, 'echo'), Number(url.searchParams.get('ms')));
  return upgrade(request, socket, head, url, act);
});

function upgrade(request, socket, head, url, act) {
  sockets.once('headers', headers => {
    for (const [name, value] of url.searchParams)
      if (name.startsWith('header-')) headers.push(`${name.slice(7)}: ${value}`);
  });
  sockets.handleUpgrade(request, socket, head, webSocket => {
    webSocket.on('error', () => {});
    acts[act](webSocket, url.searchParams, request, socket);
  });
}

const acts = {
  echo(webSocket) {
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  },
  length(webSocket) {
    webSocket.on('message', data => webSocket.send(String(data.length)));
  },
  // Tells each frame as it came, header included, so that a test sees the wire: a frame of text for each frame received.
  frames(webSocket, _query, _request, socket) {
    socket.removeAllListeners('data');
    let bytes = Buffer.alloc(0);
    socket.on('data', piece => {
      bytes = Buffer.concat([bytes, piece]);
      for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
        bytes = bytes.subarray(frame.size);
        if (frame.opcode === 8) {
          webSocket.send(JSON.stringify({ closed: frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005 }));
          webSocket.close(1000);
          return;
        }
        const { opcode, fin, masked, payload } = frame;
        webSocket.send(JSON.stringify({ opcode, fin, masked, payload: payload.toString('base64') }));
      }
    });
    socket.resume();
  },
  // Writes the bytes of the query, raw.
  raw(webSocket, query, _request, socket) {
    webSocket.on('message', () => socket.write(Buffer.from(query.get('hex'), 'hex')));
    if (query.get('now')) socket.write(Buffer.from(query.get('hex'), 'hex'));
  },
  close(webSocket, query) {
    const close = () => webSocket.close(Number(query.get('code')) || undefined, query.get('reason') ?? undefined);
    if (query.get('now')) close();
    else webSocket.on('message', close);
  },
  // Answers the first messages, each with itself or with `say`, and then closes with a code or answers no more.
  some(webSocket, query) {
    let left = Number(query.get('answers'));
    webSocket.on('message', (data, isBinary) => {
      if (left === 0) return;
      left -= 1;
      if (query.has('audio')) webSocket.send(Buffer.alloc(Number(query.get('audio'))));
      else if (query.has('say')) webSocket.send(query.get('say'));
      else webSocket.send(data, { binary: isBinary });
      if (left === 0 && query.has('code')) webSocket.close(Number(query.get('code')), query.get('reason') ?? '');
    });
  },
  // A model of Deepgram's that has everything left to say when it is asked to close, and then ends in its own way.
  'after-close'(webSocket, query) {
    webSocket.on('message', (data, isBinary) => {
      const type = isBinary ? 'audio' : JSON.parse(data).type;
      if (type === 'Flush') webSocket.send(JSON.stringify({ type: 'Flushed', sequence_id: 0 }));
      if (type !== 'CloseStream' && type !== 'Close') return;
      if (query.has('audio')) webSocket.send(Buffer.alloc(Number(query.get('audio'))));
      for (const words of query.getAll('say')) webSocket.send(words);
      if (query.has('exit')) setTimeout(() => process.exit(9), 50);
      else webSocket.close(Number(query.get('code')), query.get('reason') ?? '');
    });
  },
  // Closes when the platform closes, with a code of its own.
  'close-late'(webSocket, query, _request, socket) {
    socket.removeAllListeners('data');
    socket.on('data', piece => {
      if ((piece[0] & 0x0f) !== 8) return;
      webSocket.send('last words');
      webSocket.close(Number(query.get('code')), 'late');
    });
    socket.resume();
  },
  hangup(webSocket, _query, _request, socket) {
    webSocket.on('message', data => {
      for (let i = 0; i < 50; i += 1) webSocket.send(data);
      socket.end();
      setTimeout(() => socket.destroy(), 50);
    });
  },
  crash(webSocket) {
    webSocket.on('message', () => {
      console.error('out of memory');
      process.exit(9);
    });
  },
  'error-frame'(webSocket) {
    webSocket.on('message', () =>
      webSocket.send(JSON.stringify({ ModelStreamError: { ErrorCode: 'OVERLOADED', Message: 'try later' } })),
    );
  },
  deaf(_webSocket, _query, _request, socket) {
    socket.removeAllListeners('data');
    socket.pause();
  },
  // Answers no ping, but is open otherwise.
  silent(webSocket, _query, _request, socket) {
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    void webSocket;
  },
  // Sends as fast as the platform reads, and tells on stdout how much left.
  flood(webSocket, query) {
    const size = Number(query.get('size') ?? 65_536);
    const payload = Buffer.alloc(size, 0x61);
    let sent = 0;
    const timer = setInterval(() => {
      if (webSocket.readyState !== 1) return clearInterval(timer);
      while (webSocket.bufferedAmount < 4 * size && sent < Number(query.get('count'))) {
        webSocket.send(payload);
        sent += 1;
      }
      console.log(`flooded ${sent * size - webSocket.bufferedAmount}`);
      return undefined;
    }, 20);
    webSocket.on('close', () => clearInterval(timer));
  },
  ping(webSocket) {
    webSocket.on('message', () => webSocket.ping('are you there'));
    webSocket.on('pong', data => webSocket.send(`pong ${data}`));
  },
  headers(webSocket, _query, request) {
    webSocket.on('message', () => webSocket.send(JSON.stringify({ url: request.url, headers: request.headers })));
  },
  environment(webSocket) {
    webSocket.on('message', () =>
      webSocket.send(JSON.stringify({ ...process.env, ARGUMENTS: process.argv.slice(2).join(' ') })),
    );
  },
  stubborn(webSocket, _query, _request, socket) {
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    void webSocket;
  },
};

function readFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1] & 0x7f;
  let offset = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    offset = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    offset = 10;
  }
  const masked = Boolean(bytes[1] & 0x80);
  const size = offset + (masked ? 4 : 0) + length;
  if (bytes.length < size) return undefined;
  const payload = Buffer.from(bytes.subarray(size - length, size));
  if (masked) for (let i = 0; i < length; i += 1) payload[i] ^= bytes[offset + (i % 4)];
  return { opcode: bytes[0] & 0x0f, fin: Boolean(bytes[0] & 0x80), masked, payload, size };
}

if (process.env.PING_READY_AFTER_MS) {
  pingStatus = 503;
  setTimeout(() => {
    pingStatus = 200;
  }, Number(process.env.PING_READY_AFTER_MS));
}
process.on('SIGTERM', () => {
  if (process.env.IGNORE_SIGTERM) return;
  process.exit(0);
});
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080), '127.0.0.1', () => console.log('container is ready'));

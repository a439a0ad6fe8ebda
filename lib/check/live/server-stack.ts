import { posix } from 'node:path';

/** The server program of the WebSocket, as far as the container shows it. */
export type ServerStack =
  | 'uvicorn'
  | 'gunicorn'
  | 'hypercorn'
  | 'aiohttp'
  | 'websockets'
  | 'node'
  | 'go'
  | 'java'
  | 'rust';

/** Values of the header `Server` that tell the server; Node.js, Go and most Rust servers send none. */
const SERVER_HEADERS: readonly [RegExp, ServerStack][] = [
  [/uvicorn/i, 'uvicorn'],
  [/gunicorn/i, 'gunicorn'],
  [/hypercorn/i, 'hypercorn'],
  [/aiohttp/i, 'aiohttp'],
  [/websockets/i, 'websockets'],
  [/jetty|tomcat|undertow|netty/i, 'java'],
];

/** Programs and files of a command that tell the server. */
const COMMAND_WORDS: readonly [RegExp, ServerStack][] = [
  [/^uvicorn$/, 'uvicorn'],
  [/^fastapi$/, 'uvicorn'],
  [/^gunicorn$/, 'gunicorn'],
  [/^hypercorn$/, 'hypercorn'],
  [/^(?:node|npm|npx|tsx|deno|bun)$|\.[cm]?[jt]s$/, 'node'],
  [/^java$|\.jar$/, 'java'],
  [/^go$|\.go$/, 'go'],
  [/^cargo$/, 'rust'],
];

/**
 * The stack of a container, or `undefined` where nothing shows it.
 *
 * @param serverHeader header `Server` of an answer to `/ping`
 * @param command words of the command or of the entry point
 */
export function serverStack(
  serverHeader: string | undefined,
  command: readonly string[] | undefined,
): ServerStack | undefined {
  const byHeader = SERVER_HEADERS.find(([pattern]) => pattern.test(serverHeader ?? ''));
  if (byHeader) return byHeader[1];
  for (const word of command ?? []) {
    const byWord = COMMAND_WORDS.find(([pattern]) => pattern.test(posix.basename(word)));
    if (byWord) return byWord[1];
  }
  return undefined;
}

type StackAdvice = Readonly<Partial<Record<ServerStack, string>>>;

const FREE_THE_LOOP: StackAdvice = {
  uvicorn: 'Run the model beside the event loop: await asyncio.to_thread(model, audio).',
  gunicorn: 'Use --worker-class uvicorn.workers.UvicornWorker, and run the model with asyncio.to_thread.',
  hypercorn: 'Run the model beside the event loop: await asyncio.to_thread(model, audio).',
  aiohttp: 'Run the model beside the event loop: await asyncio.to_thread(model, audio).',
  websockets: 'Run the model beside the event loop: await asyncio.to_thread(model, audio).',
  node: 'Run the model in a worker_threads Worker or in a process of its own, not on the event loop.',
  go: 'Run the model in a goroutine of its own, and hold no lock that all handlers share while it runs.',
  java: 'Run the model on an executor of its own, not on the threads that read the sockets.',
  rust: 'Run the model with tokio::task::spawn_blocking.',
};

const KEEP_THE_TYPE: StackAdvice = {
  uvicorn: 'Answer text with websocket.send_text(...) and bytes with websocket.send_bytes(...).',
  gunicorn: 'Answer text with websocket.send_text(...) and bytes with websocket.send_bytes(...).',
  hypercorn: 'Answer text with send({"type": "websocket.send", "text": ...}) and bytes with "bytes".',
  aiohttp: 'Answer WSMsgType.TEXT with ws.send_str(...) and WSMsgType.BINARY with ws.send_bytes(...).',
  websockets: 'Send a str for text and bytes for binary: await websocket.send(message).',
  node: 'Pass the type on: webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary })).',
  go: 'Write with the type that was read: messageType, data, err := conn.ReadMessage(); conn.WriteMessage(messageType, data).',
  java: 'Answer @OnMessage String with sendText and ByteBuffer with sendBinary.',
  rust: 'Answer Message::Text with Message::Text and Message::Binary with Message::Binary.',
};

/** The fix of a rule, in the words of a stack. Where a stack has none, the advice of the check is general enough. */
const ADVICE: Readonly<Record<string, StackAdvice>> = {
  start: {
    uvicorn:
      'Start uvicorn from a program that takes the argument "serve": python server.py with uvicorn.run(app, host="0.0.0.0", port=8080).',
    node: 'Start it by hand with "serve"; listen with server.listen(8080, "0.0.0.0") and answer GET /ping with 200.',
    go: 'Start it by hand with "serve"; listen with http.ListenAndServe(":8080", mux) and answer GET /ping with 200.',
  },
  'listen-address': {
    uvicorn: 'Listen on every address: --host 0.0.0.0, or uvicorn.run(app, host="0.0.0.0", port=8080).',
    gunicorn: 'Listen on every address: --bind 0.0.0.0:8080.',
    hypercorn: 'Listen on every address: --bind 0.0.0.0:8080.',
    aiohttp: 'Listen on every address: web.run_app(app, host="0.0.0.0", port=8080).',
    websockets: 'Listen on every address: serve(handler, "0.0.0.0", 8080).',
    node: 'Listen on every address: server.listen(8080, "0.0.0.0").',
    go: 'Listen on every address: http.ListenAndServe(":8080", mux).',
    rust: 'Listen on every address: TcpListener::bind("0.0.0.0:8080").',
  },
  'ready-at-first-ping': {
    uvicorn: 'Load the model in the lifespan of the app: uvicorn accepts nothing before it has ended.',
    node: 'Call server.listen after the model is loaded, or answer /ping with 503 until then.',
    go: 'Call http.ListenAndServe after the model is loaded, or answer /ping with 503 until then.',
  },
  'ping-get': {
    uvicorn: '@app.get("/ping") with return Response(status_code=200).',
    aiohttp: 'app.router.add_get("/ping", handler) with return web.Response().',
    websockets:
      'process_request=lambda connection, request: connection.respond(HTTPStatus.OK, "") if request.path == "/ping" else None.',
    node: 'response.writeHead(200, { "Content-Length": 0 }).end().',
    go: 'mux.HandleFunc("GET /ping", func(w http.ResponseWriter, r *http.Request) {}).',
    rust: '.route("/ping", get(|| async { StatusCode::OK })).',
  },
  'ping-latency': FREE_THE_LOOP,
  'ping-under-load': FREE_THE_LOOP,
  'pong-under-load': FREE_THE_LOOP,
  'accept-time': {
    ...FREE_THE_LOOP,
    uvicorn: 'Call await websocket.accept() first, and load or authenticate after it.',
    node: 'Call handleUpgrade at once, and load or authenticate after it.',
    go: 'Call upgrader.Upgrade first, and load or authenticate after it.',
  },
  'sessions-at-once': FREE_THE_LOOP,
  'text-message': KEEP_THE_TYPE,
  'binary-message': KEEP_THE_TYPE,
  'fragments-in': {
    node: 'Use the "message" event of ws, which comes once a message is complete.',
    go: 'Use conn.ReadMessage, which returns once a message is complete.',
  },
  'large-message': {
    uvicorn: 'Raise --ws-max-size (16 MiB when left out).',
    aiohttp: 'Raise WebSocketResponse(max_msg_size=...) (4 MiB when left out).',
    websockets: 'Raise serve(..., max_size=...) (1 MiB when left out).',
    node: 'Raise new WebSocketServer({ maxPayload: ... }).',
    go: 'Raise conn.SetReadLimit(...).',
    java: 'Raise setMaxTextMessageBufferSize and setMaxBinaryMessageBufferSize (8 KiB when left out).',
    rust: 'Raise WebSocketUpgrade::max_message_size(...).',
  },
  pong: {
    node: 'Leave autoPong of ws on, and do not answer pings by hand.',
    go: 'Keep a goroutine in conn.ReadMessage: gorilla/websocket answers pings while it reads.',
  },
  'close-answer': {
    go: 'Keep a goroutine in conn.ReadMessage: gorilla/websocket answers the close frame while it reads.',
  },
  'half-close': {
    uvicorn:
      'uvicorn drops what is sent after the close frame; tell callers to wait for the last answer before they end.',
    websockets:
      'websockets drops what is sent after the close frame; tell callers to wait for the last answer before they end.',
    node: 'Send what is queued from the "close" handshake on: ws answers the close frame before queued work is done.',
  },
  'slow-reader': {
    uvicorn: 'Await every send: uvicorn waits there while the caller does not read.',
    aiohttp: 'Await every send: aiohttp waits there while the caller does not read.',
    websockets: 'Await every send: websockets waits there while the caller does not read.',
    node: 'Pause while replies pile up: if (webSocket.bufferedAmount > limit) webSocket.pause(), and resume on "drain".',
    go: 'Write in the goroutine that reads, and set conn.SetWriteDeadline.',
  },
  sigterm: {
    uvicorn: 'Start uvicorn as process 1 and bound its wait: uvicorn.run(app, timeout_graceful_shutdown=20).',
    gunicorn: 'Bound its wait: --graceful-timeout 20.',
    aiohttp: 'Use web.run_app(app, shutdown_timeout=20), and close open WebSockets in on_shutdown.',
    websockets: 'loop.add_signal_handler(signal.SIGTERM, server.close).',
    node: 'process.on("SIGTERM", ...): close each WebSocket with 1001, then process.exit(0).',
    go: 'signal.NotifyContext(ctx, syscall.SIGTERM), close each connection with 1001, then server.Shutdown.',
    java: 'Runtime.getRuntime().addShutdownHook(...): close each session with GOING_AWAY.',
    rust: 'tokio::signal::unix::signal(SignalKind::terminate()) with axum::serve(...).with_graceful_shutdown(...).',
  },
};

/** The advice on a rule for a server program, or `undefined` where the check's own advice is the best one known. */
export function stackAdvice(rule: string, stack: ServerStack | undefined): string | undefined {
  return stack && ADVICE[rule]?.[stack];
}

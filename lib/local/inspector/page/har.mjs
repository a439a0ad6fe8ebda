import { isWhole, payloadOf, text } from './steps.mjs';

/** Opcodes of RFC 6455, section 11.8. */
const OPCODES = { UTF8: 1, BINARY: 2 };

/**
 * A session as HAR 1.2: its request, and its messages as `_webSocketMessages`, the field that browsers write for WebSockets, with text as
 * text and bytes as base64. Every other step is in `_steps`.
 */
export function harOf(session, steps, skipped, guide) {
  const { requestId, endpoint, path, openedAt, durationMs, firstResponseMs, received, sent, state, outcome } = session;
  const [invocationPath, query] = path.split('?');
  const isRefused = state === 'refused';
  const messages = steps.filter(({ type }) => type === 'message');
  return {
    log: {
      version: '1.2',
      creator: { name: 'sagemaker-bidi-kit inspector', version: '1' },
      pages: [],
      entries: [
        {
          startedDateTime: new Date(openedAt).toISOString(),
          time: durationMs ?? 0,
          request: {
            method: 'POST',
            url: `${guide.url}/endpoints/${encodeURIComponent(endpoint)}/invocations-bidirectional-stream`,
            httpVersion: 'HTTP/2',
            cookies: [],
            headers: [
              { name: 'content-type', value: 'application/vnd.amazon.eventstream' },
              { name: 'x-amzn-sagemaker-model-invocation-path', value: invocationPath },
              ...(query ? [{ name: 'x-amzn-sagemaker-model-query-string', value: query }] : []),
            ],
            queryString: [],
            headersSize: -1,
            bodySize: received.bytes,
          },
          response: {
            status: isRefused ? statusOf(steps) : 200,
            statusText: isRefused ? outcome : 'OK',
            httpVersion: 'HTTP/2',
            cookies: [],
            headers: [{ name: 'x-amzn-requestid', value: requestId }],
            content: { size: sent.bytes, mimeType: 'application/vnd.amazon.eventstream', text: '' },
            redirectURL: '',
            headersSize: -1,
            bodySize: sent.bytes,
          },
          cache: {},
          timings: {
            send: 0,
            wait: firstResponseMs ?? 0,
            receive: Math.max(0, (durationMs ?? 0) - (firstResponseMs ?? 0)),
          },
          _webSocketMessages: messages.map(step => messageOf(step, openedAt)),
          _steps: steps.filter(({ type }) => type !== 'message').map(({ described: _, ...step }) => step),
          _outcome: outcome,
          _skippedSteps: skipped,
        },
      ],
    },
  };
}

function messageOf(step, openedAt) {
  const held = payloadOf(step) ?? new Uint8Array(0);
  return {
    type: step.direction === 'received' ? 'send' : 'receive',
    time: (openedAt + step.atMs) / 1_000,
    opcode: OPCODES[step.dataType],
    data: step.dataType === 'UTF8' ? text(held) : (step.base64 ?? ''),
    _completionState: step.completionState,
    _bytes: step.bytes,
    ...(isWhole(step) ? {} : { _truncated: true }),
  };
}

/** The status of a refused request, as its step names it: `ModelError (HTTP 424)`. */
function statusOf(steps) {
  const [, status] = /HTTP (\d+)/.exec(steps.find(({ type }) => type === 'failed')?.error ?? '') ?? [];
  return Number(status ?? 500);
}

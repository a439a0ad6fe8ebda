import http from 'node:http';
import https from 'node:https';
import { ProbeError } from './probe-error';

/** An answer to `/ping`. */
export interface PingAnswer {
  readonly status: number;
  readonly bodyBytes: number;
  /** Header `Server`, which tells many stacks. */
  readonly server?: string;
  /** From connecting to the last byte, in milliseconds. */
  readonly elapsedMs: number;
}

/**
 * Asks for a health check on a connection of its own, as a fresh client does.
 *
 * @throws ProbeError when there is no answer in time; its cause carries the system's code, such as `ECONNREFUSED`
 */
export function probePing(url: string, method: 'GET' | 'POST', timeoutMs: number): Promise<PingAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? https : http).request(url, { method, agent: false }, response => {
      let bodyBytes = 0;
      response.on('data', (chunk: Buffer) => {
        bodyBytes += chunk.length;
      });
      response.on('end', () => {
        clearTimeout(deadline);
        const { server } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          bodyBytes,
          ...(typeof server === 'string' ? { server } : {}),
          elapsedMs: performance.now() - startedAt,
        });
      });
      response.on('error', refuse);
    });
    const refuse = (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      reject(new ProbeError(`${method} /ping failed: ${error.code ?? error.message}`, undefined, { cause: error }));
    };
    const deadline = setTimeout(
      () => request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    request.on('error', refuse);
    request.end();
  });
}

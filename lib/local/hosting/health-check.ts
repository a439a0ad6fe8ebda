import { request } from 'node:http';
import { PING_PATH, PING_TIMEOUT_MS } from '../../contract';

/**
 * Asks a container's `/ping` once.
 *
 * @returns the HTTP status, or a word for why there is none.
 */
export function ping(host: string, port: number): Promise<number | 'refused' | 'timeout'> {
  return new Promise(resolve => {
    const deadline = setTimeout(() => {
      resolve('timeout');
      asked.destroy();
    }, PING_TIMEOUT_MS);
    const asked = request({ host, port, path: PING_PATH, method: 'GET', agent: false }, response => {
      clearTimeout(deadline);
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', () => {
      clearTimeout(deadline);
      resolve('refused');
    });
    asked.end();
  });
}

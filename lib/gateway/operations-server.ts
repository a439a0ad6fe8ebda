import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The state that the operations port reports. */
export interface OperationsSource {
  /** Whether new WebSockets are taken. */
  isReady(): boolean;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Health and figures of a gateway, on a port of their own: `GET /healthz`, `/readyz` and `/metrics`. */
export class OperationsServer {
  private readonly server = createServer((request, response) => void this.answer(request.url ?? '', response));

  constructor(private readonly source: OperationsSource) {}

  /** @returns the port. @throws the error of the system, `EADDRINUSE` among them */
  async listen(host: string, port: number): Promise<number> {
    this.server.listen({ host, port });
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(url: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') return end(response, 200, 'ok');
    if (url === '/readyz') return this.source.isReady() ? end(response, 200, 'ready') : end(response, 503, 'not ready');
    if (url !== '/metrics') return end(response, 404, 'There are /healthz, /readyz and /metrics.');
    const { contentType, text } = await this.source.metrics();
    return end(response, 200, text, contentType);
  }
}

function end(
  response: ServerResponse,
  statusCode: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(statusCode, { 'content-type': contentType }).end(text);
}

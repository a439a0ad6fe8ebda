import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { acceptKeyOf } from './handshake';

/** Why a server does not take an upgrade request. */
export interface UpgradeFault {
  readonly statusCode: 400 | 405 | 426;
  readonly message: string;
}

/** A key is 16 bytes in base64 (RFC 6455, section 4.1). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** The version of RFC 6455. */
export const WEBSOCKET_VERSION = '13';

/** The violation in a client's opening handshake (RFC 6455, section 4.2.1), or undefined. */
export function upgradeFault({ method, headers }: IncomingMessage): UpgradeFault | undefined {
  if (method !== 'GET') return { statusCode: 405, message: 'A WebSocket is opened with GET.' };
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    return { statusCode: 426, message: 'Only an upgrade to "websocket" is served here.' };
  }
  if (headers['sec-websocket-version'] !== WEBSOCKET_VERSION) {
    return { statusCode: 426, message: `Only version ${WEBSOCKET_VERSION} of the WebSocket protocol is served here.` };
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return { statusCode: 400, message: 'The header Sec-WebSocket-Key is not 16 bytes in base64.' };
  }
  return undefined;
}

/**
 * Answers a client's opening handshake (RFC 6455, section 4.2.2), without extensions.
 *
 * @param headers further headers of the response, such as `sec-websocket-protocol`.
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKeyOf(request.headers['sec-websocket-key']!)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

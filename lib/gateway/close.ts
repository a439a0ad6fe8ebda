import { ExplainedError } from '../contract';
import { isSendableCloseCode } from '../wire/close-code';
import type { WebSocketEnd } from '../wire/frame-socket';

/** How a client's WebSocket is closed (RFC 6455, section 7.4). */
export interface Close {
  /** Close code. */
  readonly code: number;
  /** Reason, up to 123 bytes. */
  readonly reason: string;
}

/** Close codes that the gateway sends of its own. */
export const CloseCode = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
  /** The client may connect again at once: the platform's limit of a stream, or a restart of the gateway. */
  SERVICE_RESTART: 1012,
} as const;

/** The reason of a 1012 for a stream that grew too old. */
export const STREAM_TOO_OLD = 'The platform ends a stream after 30 minutes.';

/**
 * The close that tells a client how the model's side ended: the container's own code and reason where it closed, 1012 where another
 * session can go on, else 1011.
 *
 * @param error what the stream ended with; undefined for its orderly end
 */
export function closeOf(error: unknown): Close {
  if (error === undefined) return { code: CloseCode.NORMAL, reason: '' };
  if (!(error instanceof ExplainedError)) return { code: CloseCode.INTERNAL_ERROR, reason: 'The gateway failed.' };
  const { closeCode, Message } = error as { closeCode?: number; Message?: string };
  if (closeCode === 1005) return { code: CloseCode.NORMAL, reason: '' };
  if (closeCode !== undefined && isSendableCloseCode(closeCode))
    return { code: closeCode, reason: containerReason(Message) };
  const isOver = error.code === 'ERR_BIDI_SESSION_LIMIT';
  return { code: isOver ? CloseCode.SERVICE_RESTART : CloseCode.INTERNAL_ERROR, reason: error.what };
}

/** The container's own reason, which the platform puts behind a sentence of its own: "… closed … with code 4000: reason". */
function containerReason(message = ''): string {
  const [, reason] = /with code \d+(?:: (.*))?$/s.exec(message) ?? [undefined, message];
  return reason ?? '';
}

/** Whether a client with this close code wants the model to finish: not one that is gone or that broke the protocol. */
export function isOrderlyClose({ code }: WebSocketEnd): boolean {
  return code === CloseCode.NORMAL || code === 1001 || code === 1005 || (code >= 3000 && isSendableCloseCode(code));
}

import type { UnknownMessage } from './listen-messages';

/** A text message as the JSON object it is, if it is one of a known type. */
export function parseMessage<Message extends { readonly type: string } | UnknownMessage>(
  text: string,
  types: readonly Message['type'][],
): Message | UnknownMessage {
  try {
    const message = JSON.parse(text) as Message | null;
    if (message && types.includes(message.type)) return message;
  } catch {
    // Not JSON: handed on as it came.
  }
  return { type: 'Unknown', text };
}

/** A control message: JSON text with a `type`. */
export interface ClientMessage {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Reads a text message, or says why it cannot be read. */
export function readClientMessage(text: string, types: readonly string[]): ClientMessage | { readonly fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { fault: 'The message is not JSON.' };
  }
  const type = (json as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !types.includes(type)) {
    return { fault: `The message's type must be one of ${types.join(', ')}.` };
  }
  return json as ClientMessage;
}

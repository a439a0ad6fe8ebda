/** Longest reason of a close frame, in bytes of UTF-8 (RFC 6455, section 5.5: 125 bytes less two for the code). */
const CLOSE_REASON_LIMIT_BYTES = 123;

/** A text as the reason of a close frame: without control characters, and cut at the last whole character that fits. */
export function closeReason(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to replace
  const bytes = Buffer.from(text.replace(/[\u0000-\u001f\u007f]/g, ' '));
  if (bytes.length <= CLOSE_REASON_LIMIT_BYTES) return bytes.toString();
  let end = CLOSE_REASON_LIMIT_BYTES;
  // Continuation bytes of UTF-8 are 10xxxxxx.
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** Whether an endpoint may send this code in a close frame (RFC 6455, sections 7.4.1 and 7.4.2). */
export function isSendableCloseCode(code: unknown): code is number {
  if (typeof code !== 'number' || !Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

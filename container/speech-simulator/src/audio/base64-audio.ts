/** 16-bit samples sent as base64, or undefined when the text is none, is empty or holds half a sample. */
export function readBase64Samples(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 0 || bytes.length % 2 !== 0 ? undefined : bytes;
}

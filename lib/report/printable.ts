/** Control characters without the tab, line separators, and what overrides the direction of text (Unicode, UAX #9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A foreign text, made safe to print: text of a container or an image must not move the cursor, colour the terminal or forge a
 * line of the report. Each such character shows as its code, such as `\x1b`.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

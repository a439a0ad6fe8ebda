/**
 * Expands the variables of a Dockerfile's word and takes its quotes away: `$name`, `${name}`, `${name:-word}`, `${name:+word}` and the
 * forms without colon. Between single quotes a word stays as it is.
 *
 * Source: Dockerfile reference, "Environment replacement".
 */
export function expandWord(
  word: string,
  lookUp: (name: string) => string | undefined,
  escapeCharacter: string,
): string {
  let result = '';
  let isQuoted = false;
  for (let position = 0; position < word.length; position++) {
    const character = word[position]!;
    const next = word[position + 1];
    if (character === escapeCharacter && next !== undefined) {
      // Between double quotes it only escapes what means something there.
      if (isQuoted && !['"', '$', escapeCharacter].includes(next)) result += character;
      result += next;
      position++;
    } else if (character === '"') {
      isQuoted = !isQuoted;
    } else if (character === "'" && !isQuoted) {
      const end = word.indexOf("'", position + 1);
      if (end < 0) return result + word.slice(position);
      result += word.slice(position + 1, end);
      position = end;
    } else if (character === '$') {
      const reference = referenceAt(word.slice(position));
      if (!reference) result += character;
      else {
        const { name, operator, isEmptyUnset, operand } = reference;
        const value = lookUp(name);
        const isSet = value !== undefined && !(isEmptyUnset && value === '');
        const other = () => expandWord(operand, lookUp, escapeCharacter);
        if (operator === '-') result += isSet ? value : other();
        else if (operator === '+') result += isSet ? other() : '';
        else result += value ?? '';
        position += reference.length - 1;
      }
    } else {
      result += character;
    }
  }
  return result;
}

/** A variable as it is written, with the operator and the operand of `${name:-operand}`. */
interface Reference {
  readonly name: string;
  readonly operator?: string;
  /** Whether the operator has a colon, so that an empty variable counts as unset. */
  readonly isEmptyUnset: boolean;
  readonly operand: string;
  /** Characters from the dollar sign to the end. */
  readonly length: number;
}

function referenceAt(text: string): Reference | undefined {
  const plain = /^\$([A-Za-z_]\w*)/.exec(text);
  if (plain) return { name: plain[1]!, isEmptyUnset: false, operand: '', length: plain[0].length };
  const open = /^\$\{([A-Za-z_]\w*)(?:(:?)([-+?]))?/.exec(text);
  const end = open ? closingBrace(text, open[0].length) : -1;
  if (!open || end < 0) return undefined;
  return {
    name: open[1]!,
    operator: open[3],
    isEmptyUnset: open[2] === ':',
    operand: text.slice(open[0].length, end),
    length: end + 1,
  };
}

function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let position = start; position < text.length; position++) {
    if (text.startsWith('${', position)) depth++;
    else if (text[position] === '}' && --depth === 0) return position;
  }
  return -1;
}

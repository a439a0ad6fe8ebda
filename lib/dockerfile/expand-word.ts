import { DockerfileError } from './dockerfile-error';

/** Longest expanded word, in characters, as long as a line may be. Without a bound, `ENV A=$A$A` doubles with every line. */
const WORD_LIMIT = 65_535;

/** Deepest nesting of `${a:-${b:-…}}` that is expanded. Deeper text stays as it is written. */
const NESTING_LIMIT = 32;

/**
 * Expands the variables of a Dockerfile's word and takes its quotes away: `$name`, `${name}`, `${name:-word}`, `${name:+word}`
 * and the forms without colon. Between single quotes a word stays as it is.
 *
 * Source: Dockerfile reference, "Environment replacement".
 *
 * @throws DockerfileError when the word becomes longer than any line may be
 */
export function expandWord(
  word: string,
  lookUp: (name: string) => string | undefined,
  escapeCharacter: string,
): string {
  let result = '';
  let isQuoted = false;
  for (let position = 0; position < word.length; ) {
    const piece = pieceAt(word, position, isQuoted, lookUp, escapeCharacter);
    result += piece.text;
    isQuoted = piece.isQuoted ?? isQuoted;
    position += piece.length;
    if (result.length > WORD_LIMIT) {
      throw new DockerfileError({
        what: `A value of the Dockerfile has more than ${WORD_LIMIT} characters once its variables are expanded.`,
        why: 'Variables that contain each other grow with every line.',
        next: 'Shorten the value.',
      });
    }
  }
  return result;
}

/** The expansion of a piece of a word. */
interface Piece {
  readonly text: string;
  /** Characters of the word that it takes. */
  readonly length: number;
  /** Whether the following text is between double quotes, where the piece changes that. */
  readonly isQuoted?: boolean;
}

function pieceAt(
  word: string,
  position: number,
  isQuoted: boolean,
  lookUp: (name: string) => string | undefined,
  escapeCharacter: string,
): Piece {
  const character = word[position]!;
  const next = word[position + 1];
  if (character === escapeCharacter && next !== undefined) {
    // Between double quotes the escape character stays, except before a character with a meaning there.
    const escapes = !isQuoted || ['"', '$', escapeCharacter].includes(next);
    return { text: escapes ? next : character + next, length: 2 };
  }
  if (character === '"') return { text: '', length: 1, isQuoted: !isQuoted };
  if (character === "'" && !isQuoted) {
    const end = word.indexOf("'", position + 1);
    // An open quote stays as it is written.
    if (end < 0) return { text: word.slice(position), length: word.length - position };
    return { text: word.slice(position + 1, end), length: end + 1 - position };
  }
  const reference = character === '$' ? referenceAt(word.slice(position)) : undefined;
  if (!reference) return { text: character, length: 1 };
  return { text: expandReference(reference, lookUp, escapeCharacter), length: reference.length };
}

function expandReference(
  { name, operator, isEmptyUnset, operand }: Reference,
  lookUp: (name: string) => string | undefined,
  escapeCharacter: string,
): string {
  const value = lookUp(name);
  const isSet = value !== undefined && !(isEmptyUnset && value === '');
  if (operator === '-' && !isSet) return expandWord(operand, lookUp, escapeCharacter);
  if (operator === '+') return isSet ? expandWord(operand, lookUp, escapeCharacter) : '';
  return value ?? '';
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
    if (text.startsWith('${', position)) {
      if (++depth > NESTING_LIMIT) return -1;
    } else if (text[position] === '}' && --depth === 0) return position;
  }
  return -1;
}

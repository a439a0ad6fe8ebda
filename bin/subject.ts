import { UsageError } from './usage-error';

/** The options that name what an argument names as well, as the commands that stream take them. */
export interface SubjectOptions {
  readonly stack?: string;
  readonly endpoint?: string;
}

/**
 * The one stack or endpoint that a command line names, by its argument or by an option.
 *
 * @param example what to write, such as `bidi status STACK`.
 * @throws UsageError when it names none, or several
 */
export function subjectOf(argument: string | undefined, { stack, endpoint }: SubjectOptions, example: string): string {
  const named = [...new Set([argument, stack, endpoint].filter(name => name !== undefined))];
  const [subject] = named;
  if (subject !== undefined && named.length === 1) return subject;
  throw new UsageError({
    what: subject === undefined ? 'No stack is named.' : `Several things are named: ${named.join(', ')}.`,
    why: 'This command looks at one at a time.',
    next: `Name one: ${example}`,
  });
}

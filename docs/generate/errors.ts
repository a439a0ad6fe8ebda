/** Writes docs/errors.md from the table of error codes. `npm run docs:errors`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../lib/contract';

/** The page that this program writes. */
export const ERRORS_PAGE = join(__dirname, '..', 'errors.md');

/** The whole page, as Markdown. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { kind, meaning }]) => `| \`${code}\` | ${kind === 'input' ? 2 : 1} | ${meaning} |`);
  return `# Error codes

<!-- Written by docs/generate/errors.ts from lib/contract/error-code.ts. -->

Every error of the library is an \`ExplainedError\` with a \`code\`. The codes are stable; class names and messages may change. So compare the code:

\`\`\`ts
import { BidiSession, ExplainedError } from 'sagemaker-bidi-kit/client';

try {
  await BidiSession.open({ endpointName: 'speech' });
} catch (error) {
  if (!(error instanceof ExplainedError && error.code === 'ERR_BIDI_THROTTLED')) throw error;
  console.log('Too many at a time; try again later.');
}
\`\`\`

\`what\`, \`why\` and \`next\` are the three lines that a command prints. The exit code is the exit code of a command that ends with the error:
2 means that the command could not run with its input, 1 that it ran and failed.

| code | exit code | when |
| --- | --- | --- |
${rows.join('\n')}
`;
}

if (require.main === module) writeFileSync(ERRORS_PAGE, errorsPage());

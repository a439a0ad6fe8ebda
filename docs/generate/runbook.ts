import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_CAUSES, type FailureCause, type Fix, type Symptom } from '../../lib/operate/failures';

/** Where the runbook lies. */
export const RUNBOOK = join(__dirname, '..', 'runbook.md');

/** `docs/runbook.md`, from the table that `bidi status` explains failures by. */
export function renderRunbook(causes: readonly FailureCause[] = FAILURE_CAUSES): string {
  const deployment = causes.filter(cause => cause.phase === 'deployment');
  const stream = causes.filter(cause => cause.phase === 'stream');
  return [
    '<!-- Generated from lib/operate/failures/table.ts by `npm run docs:runbook`. Do not edit. -->',
    '# Runbook',
    '',
    'Known failures of a streaming endpoint: the message, the cause and the fix. `bidi status --explain` finds the cause; it takes a stack or an endpoint:',
    '',
    '```sh',
    'npx bidi status <endpoint> --explain   # the cause of a failure, from this table',
    'npx bidi preflight <stack>             # finds most of them before the deployment',
    'npx bidi destroy-check <stack>         # resources that still bill after `cdk destroy`',
    '```',
    '',
    '| Message | Cause |',
    '| --- | --- |',
    ...causes.map(cause => `| ${cell(reading(cause.symptoms[0]!))} | [${cause.title}](#${cause.name}) |`),
    '',
    '## The endpoint does not come into service',
    '',
    ...deployment.flatMap(section),
    '## In service, but streams fail',
    '',
    ...stream.flatMap(section),
    '### The open hangs without an error',
    '',
    'Port 443 of the runtime accepts a connection and never answers; streams use port **8443**. A firewall, a proxy, or the security group of',
    'an interface endpoint that allows only 443 has the same effect. `npx bidi preflight <stack>` tests the port from this machine.',
    '',
    'Source: measured by operators.',
    '',
  ].join('\n');
}

function section(cause: FailureCause): string[] {
  return [
    `<a id="${cause.name}"></a>`,
    '',
    `### ${cause.title}`,
    '',
    ...cause.symptoms.flatMap(symptom => [`> ${reading(symptom)}`, '>']).slice(0, -1),
    '',
    cause.cause,
    '',
    ...cause.fixes.flatMap(fixLines),
    `Source: ${cause.source}. Name in \`--json\`: \`${cause.name}\`.`,
    '',
  ];
}

function fixLines(fix: Fix): string[] {
  return [
    `- ${fix.text}`,
    '',
    ...(fix.command === undefined ? [] : fence('sh', fix.command)),
    ...(fix.cdk === undefined ? [] : fence('ts', fix.cdk)),
  ];
}

function fence(language: string, code: string): string[] {
  return [`  \`\`\`${language}`, `  ${code}`, '  ```', ''];
}

function reading({ example }: Symptom): string {
  const parts = [
    ...(example.reason === undefined ? [] : [`\`${example.reason}\``]),
    ...(example.logLines === undefined ? [] : [`in the log: \`${example.logLines.join(' ')}\``]),
    ...(example.logExists === false ? ['no log'] : []),
    ...(example.elapsedSeconds === undefined
      ? []
      : [`after ${example.elapsedSeconds} s, with a download timeout of ${example.downloadTimeoutSeconds} s`]),
  ];
  return parts.join('; ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (require.main === module) writeFileSync(RUNBOOK, renderRunbook());

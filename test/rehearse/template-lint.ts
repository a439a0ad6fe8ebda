import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';
import { REGION } from './rehearsal-account';
import { synthesizeMatrix } from './template-matrix';

/** Findings of cfn-lint that are no faults of a template, with the reason. */
const EXPLAINED: Readonly<Record<string, string>> = {};

interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Filename: string;
  readonly Location: { readonly Path?: readonly (string | number)[] };
}

/** Holds every template of the matrix against the published resource schemas and cfn-lint's rules. */
export async function lintTemplates(python: string, directory: string, scorecard: Scorecard): Promise<void> {
  const matrix = join(directory, 'matrix');
  mkdirSync(matrix);
  const templates = await scorecard.check('the test matrix synthesizes', () => synthesizeMatrix(matrix));
  if (!templates) return;
  const findings: Finding[] = [];
  for (const region of new Set(templates.map(template => template.region ?? REGION))) {
    const files = templates.filter(template => (template.region ?? REGION) === region).map(template => template.file);
    const words = ['--format', 'json', '--include-checks', 'I', '--regions', region, '--', ...files];
    const linted = await scorecard.check(`cfn-lint reads ${files.length} templates for ${region}`, () =>
      // Exit codes are bits: 2 errors, 4 warnings, 8 information.
      run(join(python, 'cfn-lint'), words, { exitCodes: [0, 2, 4, 6, 8, 10, 12, 14] }),
    );
    if (!linted) return;
    findings.push(...(JSON.parse(linted.stdout || '[]') as Finding[]));
  }
  const explained = findings.filter(finding => finding.Rule.Id in EXPLAINED);
  for (const id of new Set(explained.map(finding => finding.Rule.Id))) {
    console.log(`  explained: ${id}, ${explained.filter(finding => finding.Rule.Id === id).length} times: ${EXPLAINED[id]}`);
  }
  await scorecard.check(`no unexplained finding in ${templates.length} templates`, () => {
    const open = findings.filter(finding => !(finding.Rule.Id in EXPLAINED));
    const lines = open.map(({ Rule, Message, Filename, Location }) => {
      const title = templates.find(template => template.file === Filename)?.title;
      return `${Rule.Id} in ${title} at ${Location.Path?.join('/')}: ${Message}`;
    });
    if (lines.length > 0) throw new Error(lines.join('\n'));
  });
}

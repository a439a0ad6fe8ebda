import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';
import { REGION } from './rehearsal-account';
import { synthesizeMatrix } from './template-matrix';

/** Findings of cfn-lint that are no faults of a template, with the reason. */
const EXPLAINED: readonly { readonly id: string; readonly message: RegExp; readonly reason: string }[] = [
  {
    id: 'I1022',
    message: /^Prefer using Fn::Sub over Fn::Join/,
    reason: 'style of hand-written templates; the CDK writes Fn::Join',
  },
  {
    id: 'W3005',
    message: /^'(\w*ExecutionRole\w*|Hosting\w*)' dependency already enforced/,
    reason: "the model has to wait for the role's policy, and a dependency on the role construct names both",
  },
  {
    id: 'W3010',
    message: /^Avoid hardcoding availability zones/,
    reason: 'a VPC of a known account and region has the zones that the CDK looked up there',
  },
  {
    id: 'W3011',
    message: /^Both 'UpdateReplacePolicy' and 'DeletionPolicy' are needed/,
    reason: 'what an endpoint with RETAIN runs on is kept with it; a version that an update replaced is not',
  },
  {
    id: 'W3037',
    message: /^'invokeendpointwithbidirectionalstream' is not one of/,
    reason:
      "cfn-lint's list of IAM actions is older than the operation; the name is that of the announcement and the API model",
  },
];

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
  const explanationOf = ({ Rule, Message }: Finding) =>
    EXPLAINED.find(({ id, message }) => id === Rule.Id && message.test(Message));
  for (const explanation of EXPLAINED) {
    const times = findings.filter(finding => explanationOf(finding) === explanation).length;
    if (times > 0) console.log(`  explained: ${explanation.id}, ${times} times: ${explanation.reason}`);
  }
  await scorecard.check(`no unexplained finding in ${templates.length} templates`, () => {
    const open = findings.filter(finding => !explanationOf(finding));
    const lines = open.map(({ Rule, Message, Filename, Location }) => {
      const title = templates.find(template => template.file === Filename)?.title;
      return `${Rule.Id} in ${title} at ${Location.Path?.join('/')}: ${Message}`;
    });
    if (lines.length > 0) throw new Error(lines.join('\n'));
  });
}

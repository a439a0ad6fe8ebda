/** Writes the table of unsettled behaviours into docs/local.md. `npm run docs:unsettled`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UNSETTLED, type UnsettledBehaviour } from '../../lib/contract';

/** The page that holds the table. */
export const LOCAL_PAGE = join(__dirname, '..', 'local.md');

const BEGIN = '<!-- Generated from lib/contract/unsettled.ts by `npm run docs:unsettled`. -->';
/** What plays the probe, in words. */
const PLAYED_BY: Readonly<Record<UnsettledBehaviour['settledBy'], string>> = {
  fidelity: '`bidi fidelity` runs this probe.',
  acceptance: '`npm run acceptance` runs this probe.',
  person: 'This probe needs a deployment of its own, by hand.',
};

const END = '<!-- End of the generated part. -->';

/** The generated part of the page, its markers included. */
export function unsettledTable(): string {
  const entries = Object.entries(UNSETTLED) as [string, UnsettledBehaviour][];
  const simulated = entries.filter(([, behaviour]) => behaviour.simulatedBy);
  const others = entries.filter(([, behaviour]) => !behaviour.simulatedBy);
  return [
    BEGIN,
    '',
    ...simulated.flatMap(section),
    'The local SageMaker cannot simulate these behaviours on one machine:',
    '',
    ...others.flatMap(section),
    END,
  ].join('\n');
}

function section([name, { question, values, default: chosen, reason, probe, settledBy }]: [
  string,
  UnsettledBehaviour,
]): string[] {
  return [
    `**\`${name}\`**: ${question}`,
    '',
    '| value | what happens | evidence |',
    '| --- | --- | --- |',
    ...Object.entries(values).map(([value, { meaning, evidence }]) => {
      const mark = value === chosen ? `**\`${value}\`** (default)` : `\`${value}\``;
      return `| ${mark} | ${meaning} | ${evidence.length > 0 ? evidence.join('; ') : 'none'} |`;
    }),
    '',
    `Reason of the default: ${reason} Probe: ${probe} ${PLAYED_BY[settledBy]}`,
    '',
  ];
}

function updatedPage(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < 0) throw new Error(`${LOCAL_PAGE} has lost the markers of the generated part.`);
  return page.slice(0, begin) + unsettledTable() + page.slice(end + END.length);
}

if (require.main === module) writeFileSync(LOCAL_PAGE, updatedPage(readFileSync(LOCAL_PAGE, 'utf8')));

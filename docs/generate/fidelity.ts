/** Writes docs/fidelity.md from the newest record in fidelity/. `npm run docs:fidelity`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FidelityRecord, parseFidelityRecord } from '../../lib/contract';
import { fidelityMarkdown } from '../../lib/fidelity';

/** The page. */
export const FIDELITY_PAGE = join(__dirname, '..', 'fidelity.md');

/** Where a maintainer keeps what `bidi fidelity` wrote of AWS. */
const RECORDS = join(__dirname, '..', '..', 'fidelity');

/** The whole page. */
export function fidelityPage(aws: FidelityRecord | undefined = newestRecord()): string {
  return [
    '# Fidelity',
    '',
    '<!-- Generated from lib/fidelity and the newest record in fidelity/ by `npm run docs:fidelity`. -->',
    '',
    'How the local SageMaker compares with AWS. Each row is a rule of the platform, and a probe that tests it. `bidi fidelity` runs the probes',
    'through the public API, against an endpoint with the [echo container](https://github.com/sagemaker-bidi-kit/sagemaker-bidi-kit/tree/main/container/echo).',
    'The local SageMaker agrees with every row; `npm test` runs all probes against it, the slow ones on a scaled clock.',
    '',
    aws ? `**Run in AWS**: ${runOf(aws)}.` : '**Not yet run in AWS.**',
    '',
    '```sh',
    'npx bidi fidelity --local                              # with npx bidi local EchoBidiStack in another terminal',
    'npx bidi fidelity --stack EchoBidiStack                # in your account; takes seconds',
    'npx bidi fidelity --stack EchoBidiStack --slow         # 32 minutes more: pings, the 30-minute limit, idle, port 443',
    'npx bidi local EchoBidiStack --behaviour fidelity.json # the local SageMaker behaves as the endpoint of the record',
    'npm run acceptance -- --region REGION                  # in a clone: deploys, runs these and the rows of deployments, destroys',
    '```',
    '',
    'The exit code is 1 when a row differs. A row is unsettled when public sources disagree: it reports what the probe saw, and',
    '[docs/local.md](./local.md) has the evidence for each side. The record, `fidelity.json`, has region, date and versions, but no account and no',
    'payload. With a pull request that adds it as `fidelity/REGION-DATE.json`, this page shows it.',
    '',
    fidelityMarkdown({ aws }),
  ].join('\n');
}

function newestRecord(): FidelityRecord | undefined {
  if (!existsSync(RECORDS)) return undefined;
  return readdirSync(RECORDS)
    .filter(file => file.endsWith('.json'))
    .map(file => parseFidelityRecord(readFileSync(join(RECORDS, file), 'utf8')))
    .filter(({ where }) => where === 'aws')
    .sort((one, other) => one.date.localeCompare(other.date))
    .at(-1);
}

function runOf({ date, region, versions }: FidelityRecord): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date.slice(0, 10)}, ${region}, with ${used.join(', ')}`;
}

if (require.main === module) writeFileSync(FIDELITY_PAGE, fidelityPage());

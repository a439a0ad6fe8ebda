import { API_VERSION, FIDELITY_FORMAT, type FidelityRecord } from '../../lib/contract';
import { version } from '../../package.json';
import type { Outcome } from './play-script';
import { withoutAccount } from './without-account';

/** Version of the report's format. */
const FORMAT = 1;

const versions = { kit: version, api: API_VERSION, node: process.version };

/** The report as JSON has it. No account id, no payload. */
export function reportOf({ verdict, steps, skips, stage }: Outcome, startedAt: Date) {
  const { backend, instanceType } = stage;
  return {
    format: FORMAT,
    verdict,
    backend: backend.kind,
    region: backend.region,
    instanceType,
    startedAt: startedAt.toISOString(),
    minutes: Math.round((Date.now() - startedAt.getTime()) / 60_000),
    versions,
    steps,
    notShown: skips,
  };
}

/** The rows of the run as `bidi fidelity` writes them, with those that only a deployment shows. */
export function fidelityRecordOf({ stage: { backend, fidelity } }: Outcome): FidelityRecord {
  return {
    format: FIDELITY_FORMAT,
    where: backend.kind === 'aws' ? 'aws' : 'local',
    region: backend.region,
    date: new Date().toISOString(),
    versions,
    rows: fidelity,
  };
}

/** The report as a table. */
export function renderReport({ verdict, steps, skips, stage: { backend } }: Outcome): string {
  const widest = Math.max(...steps.map(({ name }) => name.length));
  const word = { passed: 'passed', failed: 'FAILED', skipped: 'skipped', 'not-played': 'not played' };
  const rows = steps.map(
    ({ name, verdict, seconds, seen }) =>
      `${name.padEnd(widest)}  ${word[verdict].padEnd(10)}  ${`${seconds} s`.padStart(6)}  ${seen.replaceAll('\n', ' ')}`,
  );
  const where = backend.kind === 'aws' ? `in AWS, ${backend.region}` : 'on the emulator and the local SageMaker';
  return withoutAccount(
    [
      ...rows,
      ...(skips.length > 0 ? ['', 'Not shown:', ...skips.map(({ what, why }) => `  ${what}: ${why}`)] : []),
      '',
      `The acceptance ${where}: ${verdict}.`,
      '',
    ].join('\n'),
  );
}

import { join } from 'node:path';
import type { FidelityRecord } from '../../../lib/contract';
import { differences } from '../../../lib/fidelity';
import { ENDPOINT_NAME, type Step } from '../stage';

/** Why a search for capacity ended. */
interface CapacityReport {
  readonly verdict: { readonly kind: string };
  readonly steps: readonly { readonly sessions: number; readonly failed?: number }[];
}

/** What the endpoint does with streams. */
export const STREAMING: readonly Step[] = [
  {
    name: 'fidelity',
    title: 'every row of the contract that is settled agrees (bidi fidelity)',
    boundMinutes: 60,
    play: async ({ backend, slow, fidelity }, abortSignal) => {
      const file = join(backend.source, 'fidelity.json');
      const words = ['fidelity', ...backend.fidelityTarget(), '--output', file, ...(slow ? ['--slow'] : [])];
      const record = (await backend.cdk.bidi(words, { exitCodes: [0, 1], abortSignal })) as FidelityRecord;
      fidelity.push(...record.rows);
      const faults = differences(record).map(row => `${row.probe}: expected ${row.expected}, ${sawOf(row)}`);
      if (faults.length > 0) throw new Error(faults.join('\n'));
      const count = (verdict: string) => record.rows.filter(row => row.verdict === verdict).length;
      return `${count('agrees')} agree, 0 differ, ${count('unsettled')} unsettled, ${count('skipped')} skipped`;
    },
  },
  {
    name: 'capacity',
    title: 'bidi capacity holds a step of sessions within the limits of lag and errors',
    boundMinutes: 10,
    play: async ({ backend }, abortSignal) => {
      const output = join(backend.source, 'capacity');
      const target = ['--endpoint', ENDPOINT_NAME, '--region', backend.region];
      const words = ['capacity', ...target, ...backend.pace.load, '--yes', '--output', output];
      const { verdict, steps } = (await backend.cdk.bidi(words, { abortSignal })) as CapacityReport;
      const sessions = Math.max(...steps.map(step => step.sessions));
      return `${sessions} sessions at once, ${verdict.kind}`;
    },
  },
];

function sawOf({ observed, reason }: FidelityRecord['rows'][number]): string {
  return observed === undefined ? `failed: ${reason}` : `saw ${observed}`;
}

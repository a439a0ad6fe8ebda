import { type FidelityRecord, type FidelityRow, UNSETTLED, type UnsettledBehaviour } from '../contract';
import { DEPLOYMENT_ROWS } from './deployment-rows';
import { type ContractRow, PROBE_AREAS, type Probe, type ProbeArea } from './probe';
import { PROBES } from './probes';

/** Every row of the contract, in the order of the report. */
const ROWS: readonly (ContractRow & Pick<Partial<Probe>, 'slowMs'>)[] = [...PROBES, ...DEPLOYMENT_ROWS];

/** The records that a table puts side by side. */
export interface FidelityColumns {
  readonly local?: FidelityRecord;
  readonly aws?: FidelityRecord;
}

/** Lines of the table *expected · local · AWS*, one a probe, and a summary of each record. */
export function renderFidelity({ local, aws }: FidelityColumns): string {
  const lines = ROWS.map(({ name, expected, behaviour, area }) => ({
    area,
    cells: [name, behaviour === undefined ? expected : `unsettled (${expected})`, cell(local, name), cell(aws, name)],
  }));
  const heads = ['', 'expected', 'local', 'AWS'];
  const widths = heads.map((head, column) =>
    Math.min(44, Math.max(head.length, ...lines.map(({ cells }) => cells[column]!.length))),
  );
  const row = (cells: readonly string[]): string =>
    cells
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  const output = [row(heads)];
  let area: ProbeArea | undefined;
  for (const line of lines) {
    if (line.area !== area) output.push('', PROBE_AREAS[line.area]);
    area = line.area;
    output.push(row(line.cells));
  }
  const summaries = [local, aws].flatMap(record => (record ? [summary(record)] : []));
  return `${[...output, '', ...summaries].join('\n')}\n`;
}

/** The result of a probe in a record, with a mark when it differs. */
function cell(record: FidelityRecord | undefined, name: string): string {
  if (!record) return '-';
  const row = record.rows.find(({ probe }) => probe === name);
  if (!row) return 'not asked';
  switch (row.verdict) {
    case 'agrees':
      return 'agrees';
    case 'differs':
      return `DIFFERS: ${row.observed}`;
    case 'failed':
      return `FAILED: ${row.reason}`;
    case 'skipped':
      return 'skipped';
    case 'unsettled':
      return row.observed ?? '';
  }
}

function summary({ where, region, date, rows }: FidelityRecord): string {
  const count = (verdict: FidelityRow['verdict']) => rows.filter(row => row.verdict === verdict).length;
  const words = (['agrees', 'differs', 'failed', 'unsettled', 'skipped'] as const).map(
    verdict => `${count(verdict)} ${verdict === 'agrees' ? 'agree' : verdict === 'differs' ? 'differ' : verdict}`,
  );
  return `${where === 'aws' ? 'AWS' : 'local'}, ${region}, ${date.slice(0, 10)}: ${words.join(', ')}`;
}

/** The rows of a record that differ from the contract. */
export function differences({ rows }: FidelityRecord): FidelityRow[] {
  return rows.filter(({ verdict }) => verdict === 'differs' || verdict === 'failed');
}

/** Sources that most rows name, by the short name that stands in their place. */
const SHORT_SOURCES = {
  DG: 'developer guide, "Container contract to support bidirectional streaming capabilities"',
  API: 'API model sagemaker-runtime-http2, 2025-10-01',
  OPS: 'measured by operators',
} as const;

/** The table as Markdown, with the rule and the source of each probe. */
export function fidelityMarkdown({ aws }: FidelityColumns): string {
  const legend = Object.entries(SHORT_SOURCES).map(([short, source]) => `**${short}**: ${source}`);
  const output: string[] = [`Sources by short name. ${legend.join('; ')}.`, ''];
  for (const [area, title] of Object.entries(PROBE_AREAS)) {
    output.push(
      `### ${title}`,
      '',
      '| probe | the contract | source | expected | AWS |',
      '| --- | --- | --- | --- | --- |',
    );
    for (const probe of ROWS.filter(candidate => candidate.area === area)) {
      const { name, rule, source, expected, behaviour, slowMs } = probe;
      const label = slowMs === undefined ? `\`${name}\`` : `\`${name}\` (slow)`;
      const expects = behaviour === undefined ? expected : `**unsettled**; assumed: \`${expected}\``;
      output.push(
        `| ${[label, rule, shortSource(source), expects, aws ? cell(aws, name) : 'not yet run'].map(escaped).join(' | ')} |`,
      );
    }
    output.push('');
  }
  const byHand = (Object.entries(UNSETTLED) as [string, UnsettledBehaviour][]).filter(
    ([name]) => !ROWS.some(({ behaviour }) => behaviour === name),
  );
  output.push(
    '### What needs another deployment',
    '',
    'Neither a stream nor the acceptance shows these behaviours. Each row has the experiment that does.',
    '',
    '| behaviour | assumed | experiment |',
    '| --- | --- | --- |',
    ...byHand.map(
      ([name, { default: taken, probe }]) => `| ${[`\`${name}\``, `\`${taken}\``, probe].map(escaped).join(' | ')} |`,
    ),
    '',
  );
  return output.join('\n');
}

function shortSource(source: string): string {
  return Object.entries(SHORT_SOURCES).reduce((text, [short, long]) => text.replace(long, short), source);
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

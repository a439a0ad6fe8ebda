import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Measurement } from '../../bench/measurement';
import { renderChart } from '../../bench/report/chart';
import { renderMarkdown } from '../../bench/report/markdown';
import { compare, type Results } from '../../bench/results';
import { TYPESCRIPT } from '../typescript-process';

const measurement = (
  id: string,
  subject: string,
  value: number,
  better: 'higher' | 'lower' = 'higher',
): Measurement => ({
  id,
  subject,
  unit: 'messages/s',
  better,
  value,
  rounds: [value],
});

const results = (measurements: Measurement[]): Results => ({
  startedAt: '2026-01-02T03:04:05.000Z',
  tookSeconds: 1,
  commit: 'abc1234',
  machine: { processor: '2 × example' },
  measurements,
  goals: [{ text: 'echoes', unit: '×', better: 'higher', value: 3, limit: 4, met: false }],
  skipped: [{ what: 'image size', why: 'no engine' }],
});

const run = results([
  measurement('echo/50x3200/messages', 'echo container', 20_000),
  measurement('echo/50x3200/messages', 'bare ws', 10_000),
  measurement('echo/50x3200/ratio', 'echo container to bare ws', 2),
  measurement('synth', 'both <stacks>', 2),
]);

test('what moved is told, the worst first', () => {
  const before = results([
    measurement('a', 's', 100),
    measurement('b', 's', 100),
    measurement('c', 's', 100, 'lower'),
    measurement('d', 's', 100),
    measurement('e', 's', 100),
  ]);
  const after = results([
    measurement('a', 's', 109),
    measurement('b', 's', 50),
    measurement('c', 's', 120, 'lower'),
    measurement('d', 's', 300),
    measurement('new', 's', 1),
  ]);
  expect(compare(before, after).map(({ id, better, change }) => [id, better, Math.round(change * 100)])).toEqual([
    ['b', false, -50],
    ['c', false, 20],
    ['d', true, 200],
  ]);
});

test('the page names goals, figures side by side, what was not measured and the machine', () => {
  const page = renderMarkdown(run, 'bench/results/2026-01-02.json', '## Findings\n\nSome.\n');
  expect(page).toContain('| echoes | at least 4 × | 3 × | **missed** |');
  expect(page).toContain('|  | unit | echo container | bare ws |');
  expect(page).toContain('| 50x3200/messages | messages/s | 20000 | 10000 |');
  expect(page).toContain('- 50x3200 echo container to bare ws: 2 ×');
  expect(page).toContain('- image size: no engine');
  expect(page).toContain('| processor | 2 × example |');
  expect(page).toContain('(../bench/results/2026-01-02.json)');
});

test('a page from a busy machine says so', () => {
  const page = (load: string) => renderMarkdown({ ...run, machine: { 'load before': load } }, 'x.json', '');
  expect(page('7.50')).toContain('busy with other work (load 7.50)');
  expect(page('0.40')).not.toContain('busy');
});

test('the chart draws the longest bar for the most and the others to scale', () => {
  const chart = renderChart(run);
  const [kit, bare] = [...chart.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(kit! / bare!).toBeCloseTo(2, 2);
  expect(chart).toContain('>20,000<');
  expect(chart).toMatch(/^<svg .*<\/svg>\n$/s);
});

test('a part runs from end to end in quick mode', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-bench-test-'));
  try {
    const output = join(directory, 'results.json');
    const words = [...TYPESCRIPT, 'bench/run.ts', '--quick', '--only', 'client', '--output', output];
    const stdout = execFileSync(process.execPath, words, {
      cwd: resolve(__dirname, '../..'),
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(stdout).toMatch(/\d of 1 goals met/);
    const { measurements } = JSON.parse(readFileSync(output, 'utf8')) as Results;
    expect(measurements.map(({ id }) => id)).toContain('client/ratio');
    expect(measurements.every(({ value }) => Number.isFinite(value) && value > 0)).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a part that was measured apart stands in its section, with its own run beside it', () => {
  const measurement = {
    id: 'gateway/cpu',
    subject: 'gateway',
    unit: 'µs/message',
    better: 'lower',
    value: 290,
  } as const;
  const apart = {
    results: {
      ...run,
      commit: 'apart',
      machine: { 'load before': '6' },
      measurements: [{ ...measurement, rounds: [290] }],
      goals: [{ text: 'a goal of the part', unit: 'ms', better: 'lower', value: 2, limit: 1, met: false } as const],
    },
    rawFile: 'bench/results/gateway.json',
  };
  const page = renderMarkdown(run, 'whole.json', '', [apart]);
  expect(page).toContain('## The gateway');
  expect(page).toContain('Measured apart from the rest');
  expect(page).toContain('busy with other work (load 6)');
  expect(page).toContain('| cpu | µs/message | 290 |');
  expect(page).toContain('| a goal of the part | at most 1 ms | 2 ms | **missed** |');
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CapacityResult, concludeCapacity } from '../../lib/capacity/capacity';
import {
  capacityCharts,
  renderCapacity,
  renderHtmlReport,
  renderStep,
  STEP_HEADER,
} from '../../lib/capacity/report/capacity-report';
import { renderCharts, ticks } from '../../lib/capacity/report/line-chart';
import { renderPng } from '../../lib/capacity/report/png';
import type { CapacityStep } from '../../lib/capacity/step';
import { findBrowser } from './support/find-browser';

function step(sessions: number, p95: number, verdict: CapacityStep['verdict'] = 'held', errorShare = 0): CapacityStep {
  const spread = { p50: p95 / 2, p90: p95 * 0.9, p95, p99: p95 * 1.2, max: p95 * 2 };
  return {
    sessions,
    seconds: 20,
    lagMs: spread,
    firstResponseMs: spread,
    openMs: spread,
    sentPerSecond: 10 * sessions,
    receivedPerSecond: 10 * sessions,
    receivedBytesPerSecond: 32_000 * sessions,
    errors: errorShare > 0 ? { ConnectError: Math.round(errorShare * sessions) } : {},
    stalled: 0,
    errorShare,
    generator: { processes: 1, lagP99Ms: 2.4, eventLoopP99Ms: 1.2, cpuShare: 0.3 },
    verdict,
    reasons: verdict === 'broke' ? [`p95 lag ${p95} ms is over 250 ms`] : [],
  };
}

function resultOf(steps: CapacityStep[]): CapacityResult {
  return {
    startedAt: '2026-03-01T10:00:00.000Z',
    seconds: 180,
    limits: { maxLagMs: 250, maxErrors: 0.01 },
    instances: 1,
    targetShare: 0.75,
    steps,
    verdict: concludeCapacity(steps, { maxLagMs: 250 }),
    generator: { node: 'v20.0.0', processor: 'A processor', cores: 8 },
  };
}

const RESULT = resultOf([
  step(40, 12),
  step(80, 14),
  step(160, 600, 'broke', 0.2),
  step(120, 16),
  step(140, 900, 'broke'),
]);
const SUBJECT = {
  endpointName: 'echo-bidi',
  load: '3200 bytes every 100 ms, echoed',
  place: 'us-east-1, 1 × ml.g6.2xlarge',
  stack: 'EchoBidiStack',
  remarks: ['A remark with <angle> & "quotes".'],
};

test('the result on a terminal of 80 columns', () => {
  expect(
    `${[STEP_HEADER, ...RESULT.steps.map(renderStep)].join('\n')}\n\n${renderCapacity(RESULT, SUBJECT)}`,
  ).toMatchSnapshot();
  for (const line of [STEP_HEADER, ...RESULT.steps.map(renderStep)]) expect(line.length).toBeLessThanOrEqual(80);
});

test('columns never run together, however many sessions failed', () => {
  const line = renderStep(step(100_000, 123_456_789, 'broke', 11.5));
  expect(line.trim().split(/ +/)).toEqual('100000 61728395 123456789 148148147 >999 % 1000000 2 broke'.split(' '));
});

test.each([
  [
    'generator-limited',
    [step(40, 12), step(80, 600, 'generator-limited')],
    'No verdict: the load generator was the limit.',
    'targetConcurrency 30, 75 % of 40: safe',
  ],
  [
    'not-reached',
    [step(40, 12)],
    'at least 40 real-time sessions; its limit was not reached',
    'targetConcurrency 30, 75 % of 40: safe',
  ],
  ['never-held', [step(4, 900, 'broke')], 'Not even the smallest number of sessions held.', undefined],
])('%s: what is known is said, and no more', (kind, steps, sentence, target) => {
  const result = resultOf(steps as CapacityStep[]);
  expect(result.verdict.kind).toBe(kind);
  const text = renderCapacity(result, SUBJECT);
  expect(text).toContain(sentence);
  if (target) expect(text).toContain(target);
  else expect(text).not.toContain('targetConcurrency');
  expect(renderHtmlReport(result, SUBJECT).includes('autoScaleConcurrency')).toBe(target !== undefined);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('for vLLM both reports propose maxSequences beside the target, and nothing for an instance of this machine', () => {
  const subject = { ...SUBJECT, stack: 'VllmStack', sequenceLimit: 'maxSequences' };
  const cdk =
    'maxSequences: 120, // of the endpoint\n  endpoint.autoScaleConcurrency({ maxCapacity: 4, targetConcurrency: 90 });';
  const context = 'npx cdk deploy VllmStack -c maxSequences=120 -c maxCapacity=4 -c targetConcurrency=90';
  for (const report of [renderCapacity(RESULT, subject), renderHtmlReport(RESULT, subject)]) {
    expect(report).toContain(cdk);
    expect(report).toContain(context);
  }
  const local = { ...subject, isLocal: true };
  for (const report of [renderCapacity(RESULT, local), renderHtmlReport(RESULT, local)]) {
    expect(report).not.toContain('maxSequences=');
    expect(report).not.toContain('autoScaleConcurrency');
  }
});

test('the HTML report needs nothing but itself, and what it is given cannot break it', () => {
  const html = renderHtmlReport(RESULT, SUBJECT);
  expect(html).toContain('One instance holds 120 real-time sessions');
  expect(html).toContain('A remark with &lt;angle&gt; &amp; &quot;quotes&quot;.');
  expect(html).not.toMatch(/<script|<link|<img|src=|url\((?!#)|href=/);
  expect(html.match(/<tr>/g)).toHaveLength(RESULT.steps.length + 1);
});

test('charts show each number once, by its last try, in order', () => {
  const retried = resultOf([step(40, 500, 'generator-limited'), step(40, 12), step(20, 10)]);
  expect(capacityCharts(retried)[0]!.series[1]!.points).toEqual([
    [20, 10],
    [40, 12],
  ]);
});

test.each([
  [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [7, [0, 2, 4, 6, 8]],
  [100, [0, 20, 40, 60, 80, 100]],
  [512, [0, 200, 400, 600]],
  [0.03, [0, 0.01, 0.02, 0.03]],
])('the axis up to %d has round numbers', (largest, expected) => {
  expect(ticks(largest)).toEqual(expected);
});

test('the picture is a PNG of the charts', () => {
  const png = renderPng(RESULT);
  if (!png) {
    process.stderr.write('skipped: @resvg/resvg-js is not installed here\n');
    return;
  }
  const bytes = Buffer.from(png);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1_440, 1_800]);
});

test('the charts are well-formed', () => {
  const svg = renderCharts(capacityCharts(RESULT));
  const open = svg.match(/<(svg|g|text)\b/g)!.length;
  expect(svg.match(/<\/(svg|g|text)>/g)).toHaveLength(open);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

const browser = findBrowser();
const inBrowser = browser ? test : test.skip;
if (!browser) process.stderr.write('skipped: no Chromium here to render the report\n');

inBrowser('headless Chromium renders the report', () => {
  const directory = mkdtempSync(join(tmpdir(), 'report-'));
  try {
    writeFileSync(join(directory, 'report.html'), renderHtmlReport(RESULT, SUBJECT));
    const picture = join(directory, 'report.png');
    const { status, stderr } = spawnSync(
      browser!,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        `--user-data-dir=${join(directory, 'profile')}`,
        '--window-size=800,1600',
        `--screenshot=${picture}`,
        `file://${join(directory, 'report.html')}`,
      ],
      { timeout: 60_000, encoding: 'utf8' },
    );
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    // A blank page of this size compresses to a few kilobytes.
    expect(readFileSync(picture).length).toBeGreaterThan(30_000);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('what this machine holds is no target for AWS', () => {
  const subject = { ...SUBJECT, isLocal: true, place: 'this machine' };
  for (const steps of [[step(40, 12)], [step(40, 12), step(80, 600, 'broke')]]) {
    const text = renderCapacity(resultOf(steps as CapacityStep[]), subject);
    expect(text).toMatch(/This machine holds/);
    expect(text).not.toMatch(/targetConcurrency|One instance|safe/);
    expect(renderHtmlReport(resultOf(steps as CapacityStep[]), subject)).not.toMatch(/targetConcurrency|One instance/);
  }
});

test('charts have colours of their own on a dark page, and a line that lies on another stays visible', () => {
  const html = renderHtmlReport(RESULT, SUBJECT);
  expect(html).toContain('.paper { fill: var(--card); } .ink { fill: var(--text); }');
  expect(html).toMatch(/<rect [^>]*class="paper"\/>/);
  for (const tag of html.match(/<text [^>]*>/g)!) expect(tag).toMatch(/class="ink"|fill="#d1453b"/);
  const lines = html.match(/<polyline [^>]*>/g)!;
  // Of the throughput: received first, then sent, dashed above it.
  expect(lines.at(-2)).not.toContain('stroke-dasharray');
  expect(lines.at(-1)).toContain('stroke-dasharray');
});

test('the report has the colours of the page of bidi local', () => {
  const html = renderHtmlReport(RESULT, SUBJECT);
  const page = readFileSync(join(__dirname, '../../lib/local/inspector/page/inspector.css'), 'utf8');
  const colours = html.match(/--\w+: light-dark\([^)]*\)/g) ?? [];
  expect(colours.length).toBeGreaterThan(4);
  for (const colour of colours) expect(page).toContain(colour);
});

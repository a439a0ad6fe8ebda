import { escapeXml } from '../../report/escape-xml';
import { hanging, wrap } from '../../report/wrap';
import type { CapacityResult } from '../capacity';
import type { CapacityStep } from '../step';
import { CHART_STYLE, type LineChart, renderCharts } from './line-chart';

/** The subject of a measurement, for the head of a report. */
export interface CapacitySubject {
  readonly endpointName: string;
  /** The load in words. */
  readonly load: string;
  /** The place of the endpoint in words, such as `us-east-1, 1 × ml.g6.2xlarge` or `this machine`. */
  readonly place: string;
  /** The stack, where there is one. */
  readonly stack?: string;
  /**
   * Whether it was measured on this machine, whose figures are no target for an instance in AWS.
   *
   * @default false
   */
  readonly isLocal?: boolean;
  /**
   * The setting of the stack that bounds the sessions of one instance, where the model has one: vLLM's `maxSequences`.
   *
   * @default - none
   */
  readonly sequenceLimit?: string;
  /** Limits of what the figures mean, in sentences. */
  readonly remarks: readonly string[];
}

/** The lines that put a target into a stack. */
interface TargetLines {
  readonly cdk: string;
  readonly context: string;
}

/** Instances up to which scaling may go where nothing is known: a figure to start from. */
const MAX_CAPACITY_EXAMPLE = 4;

/** Colours in light and in dark: those of the page of `bidi local`. */
const PALETTE =
  '--page: light-dark(#fafafa, #14171c); --card: light-dark(#ffffff, #1d2128); --text: light-dark(#1b1f24, #e6e9ee); --quiet: light-dark(#57606a, #9aa5b4); --line: light-dark(#d0d7de, #343b46);';

/** Columns of a terminal. */
const TERMINAL_WIDTH = 80;

/** How the target was found, in words: where no limit was found it is safe, and more may be possible. */
function targetInWords({ verdict, targetShare }: CapacityResult): string {
  const base = Math.min(verdict.sessionsPerInstance, verdict.kneePerInstance ?? verdict.sessionsPerInstance);
  const share = `${Math.round(100 * targetShare)} % of ${base}`;
  return verdict.kind === 'found' ? share : `${share}: safe, and lower than it need be if more hold`;
}

/** The target as a line of CDK and as context; `undefined` where there is no target for an instance in AWS. */
function targetLines({ verdict }: CapacityResult, subject: CapacitySubject): TargetLines | undefined {
  if (verdict.targetConcurrency === undefined || subject.isLocal) return undefined;
  const target = verdict.targetConcurrency;
  const { sequenceLimit } = subject;
  const sessions = verdict.sessionsPerInstance;
  return {
    cdk: `${sequenceLimit ? `${sequenceLimit}: ${sessions}, // of the endpoint\n  ` : ''}endpoint.autoScaleConcurrency({ maxCapacity: ${MAX_CAPACITY_EXAMPLE}, targetConcurrency: ${target} });`,
    context: `npx cdk deploy ${subject.stack ?? 'STACK'}${sequenceLimit ? ` -c ${sequenceLimit}=${sessions}` : ''} -c maxCapacity=${MAX_CAPACITY_EXAMPLE} -c targetConcurrency=${target}`,
  };
}

/** The verdict in a sentence. */
function verdictInWords({ verdict, limits }: CapacityResult, { isLocal }: CapacitySubject): string {
  const holder = isLocal ? 'This machine' : 'One instance';
  const sessions = `${verdict.sessionsPerInstance} real-time session${verdict.sessionsPerInstance === 1 ? '' : 's'}`;
  switch (verdict.kind) {
    case 'found':
      return `${holder} holds ${sessions} with a p95 lag of at most ${limits.maxLagMs} ms.`;
    case 'not-reached':
      return `${holder} holds at least ${sessions}; its limit was not reached.`;
    case 'generator-limited':
      return `No verdict: the load generator was the limit. ${holder} holds at least ${sessions}.`;
    case 'never-held':
      return 'Not even the smallest number of sessions held.';
  }
}

/** A capacity for people, on a terminal of 80 columns. */
export function renderCapacity(result: CapacityResult, subject: CapacitySubject): string {
  const { verdict } = result;
  const lines = wrap(verdictInWords(result, subject), TERMINAL_WIDTH);
  const add = (text: string) => lines.push(...hanging('  ', text, TERMINAL_WIDTH));
  add(verdict.reason);
  if (verdict.kneePerInstance !== undefined && verdict.kneePerInstance < verdict.sessionsPerInstance) {
    add(`The lag begins to rise at ${verdict.kneePerInstance} sessions.`);
  }
  for (const remark of subject.remarks) add(remark);
  const target = targetLines(result, subject);
  if (target) {
    lines.push('', ...wrap(`targetConcurrency ${verdict.targetConcurrency}, ${targetInWords(result)}`, TERMINAL_WIDTH));
    lines.push(`  ${target.cdk}`, `  ${target.context}`);
  }
  return `${lines.join('\n')}\n`;
}

/** One step as a line of a table; {@link STEP_HEADER} is its head. */
export function renderStep(step: CapacityStep): string {
  const errors = 100 * step.errorShare;
  const cells = [
    String(step.sessions).padStart(8),
    step.lagMs.p50.toFixed(0).padStart(7),
    step.lagMs.p95.toFixed(0).padStart(7),
    step.lagMs.p99.toFixed(0).padStart(7),
    // A session that fails is replaced, so there may be many more failures than sessions.
    (errors > 999 ? '>999 %' : `${errors.toFixed(errors < 100 ? 1 : 0)} %`).padStart(7),
    step.receivedPerSecond.toFixed(0).padStart(7),
    Math.max(step.generator.lagP99Ms, step.generator.eventLoopP99Ms).toFixed(0).padStart(8),
  ];
  return `${cells.join(' ')}  ${step.verdict}`;
}

/** Head of the table of {@link renderStep}. Times in milliseconds. */
export const STEP_HEADER = 'sessions     p50     p95     p99  errors  recv/s  own p99  verdict';

/** The charts of a measurement. Of a number that was tried again, the last try counts. */
export function capacityCharts(result: CapacityResult): LineChart[] {
  const lastTries = new Map(result.steps.map(step => [step.sessions, step]));
  const steps = [...lastTries.values()].sort((one, other) => one.sessions - other.sessions);
  const series = (name: string, color: string, y: (step: CapacityStep) => number) => ({
    name,
    color,
    points: steps.map(step => [step.sessions, y(step)] as const),
  });
  const held = result.verdict.sessionsPerInstance * result.instances;
  const marks = held > 0 ? [{ axis: 'x' as const, at: held, label: `holds ${held}` }] : [];
  const xLabel = 'sessions at once';
  return [
    {
      title: 'Lag behind real time',
      xLabel,
      yLabel: 'milliseconds',
      series: [
        series('p50', '#2c974b', step => step.lagMs.p50),
        series('p95', '#2f81f7', step => step.lagMs.p95),
        series('p99', '#a371f7', step => step.lagMs.p99),
        series('generator p99', '#8b949e', step => step.generator.lagP99Ms),
      ],
      // A scale that reaches far beyond the limit would flatten everything below it.
      yLimit: 2 * result.limits.maxLagMs,
      marks: [...marks, { axis: 'y', at: result.limits.maxLagMs, label: `limit ${result.limits.maxLagMs} ms` }],
    },
    {
      title: 'Failed and stalled sessions',
      xLabel,
      yLabel: 'percent',
      series: [series('errors', '#e5534b', step => 100 * step.errorShare)],
      marks: [{ axis: 'y', at: 100 * result.limits.maxErrors, label: `limit ${100 * result.limits.maxErrors} %` }],
    },
    {
      title: 'Throughput',
      xLabel,
      yLabel: 'messages a second',
      series: [
        { ...series('sent', '#d9730d', step => step.sentPerSecond), isDashed: true },
        series('received', '#2f81f7', step => step.receivedPerSecond),
      ],
    },
  ];
}

/** A report as one file of HTML: charts inside, nothing fetched, readable without scripts, light and dark. */
export function renderHtmlReport(result: CapacityResult, subject: CapacitySubject): string {
  const { verdict, generator } = result;
  const target = targetLines(result, subject);
  const row = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map(cell => `<${tag}>${escapeXml(cell)}</${tag}>`).join('')}</tr>`;
  const facts: [string, string][] = [
    ['Endpoint', `${subject.endpointName} (${subject.place})`],
    ['Load', subject.load],
    ['Limits', `p95 lag ${result.limits.maxLagMs} ms, errors ${100 * result.limits.maxErrors} % of the sessions`],
    ['Measured', `${result.startedAt}, ${result.seconds.toFixed(0)} s`],
    ['Generator', `Node.js ${generator.node}, ${generator.cores} × ${generator.processor}`],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Capacity of ${escapeXml(subject.endpointName)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; ${PALETTE} }
body { max-width: 54rem; margin: 2rem auto; padding: 0 1rem; background: var(--page); color: var(--text); }
h1, h2 { font-size: 17px; }
svg { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .8rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .4rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
pre { padding: .75rem; border: 1px solid var(--line); background: var(--card); overflow-x: auto; border-radius: 8px; }
${CHART_STYLE}
</style>
</head>
<body>
<h1>Capacity of ${escapeXml(subject.endpointName)}</h1>
<p><strong>${escapeXml(verdictInWords(result, subject))}</strong> ${escapeXml(verdict.reason)}</p>
${
  target
    ? `<p>For the stack, ${escapeXml(targetInWords(result))}:</p>\n<pre>${escapeXml(target.cdk)}\n\n${escapeXml(target.context)}</pre>`
    : ''
}
${subject.remarks.map(remark => `<p>${escapeXml(remark)}</p>`).join('\n')}
${renderCharts(capacityCharts(result))}
<h2>Steps</h2>
<div><table>
${row(['Sessions', 'p50 ms', 'p95 ms', 'p99 ms', 'First answer p95 ms', 'Open p95 ms', 'Errors', 'Received/s', 'Generator p99 ms', 'Verdict'], 'th')}
${result.steps
  .map(step =>
    row(
      [
        String(step.sessions),
        step.lagMs.p50.toFixed(1),
        step.lagMs.p95.toFixed(1),
        step.lagMs.p99.toFixed(1),
        step.firstResponseMs.p95.toFixed(1),
        step.openMs.p95.toFixed(1),
        `${(100 * step.errorShare).toFixed(1)} %`,
        step.receivedPerSecond.toFixed(0),
        Math.max(step.generator.lagP99Ms, step.generator.eventLoopP99Ms).toFixed(1),
        step.verdict,
      ],
      'td',
    ),
  )
  .join('\n')}
</table></div>
<h2>How</h2>
<dl>
${facts.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`).join('\n')}
</dl>
<p>Lag counts from the moment at which a message was due, not from when it could be sent, so an endpoint that slows the load down
does not look faster for it. What was not answered at all counts with its age.</p>
</body>
</html>
`;
}

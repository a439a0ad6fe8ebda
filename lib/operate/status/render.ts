import { printable } from '../../report/printable';
import { hanging } from '../../report/wrap';
import type { FailureDiagnosis } from './diagnosis';
import type { EndpointState, ScalingState, VariantState } from './endpoint-state';
import type { Progress } from './follow';
import type { EndpointReport, StatusReport } from './status';

/** Columns where the terminal does not say. */
const DEFAULT_WIDTH = 80;

/** How many of the last log lines are shown. */
const LOG_LINES_SHOWN = 12;

/** A status for people. No line is wider than the terminal, except for a word or a command that is. */
export function renderStatus(report: StatusReport, width = DEFAULT_WIDTH): string {
  const lines = [`bidi status ${report.subject}`, ''];
  for (const endpoint of report.endpoints) lines.push(...renderEndpoint(endpoint, width), '');
  if (report.endpoints.length === 0) {
    lines.push(`${report.stackName ?? report.subject} has no endpoint.`, '');
  }
  if (report.stackFailure && report.diagnosis) {
    const { logicalId, resourceType } = report.stackFailure;
    lines.push(`Last deployment: ${logicalId} (${resourceType}) failed`);
    lines.push(...renderDiagnosis(report.diagnosis, width), '');
  }
  return lines.map(printable).join('\n');
}

function renderEndpoint({ endpointName, state, diagnosis, log }: EndpointReport, width: number): string[] {
  if (!state) return [`${endpointName}  does not exist`];
  const lines = [`${endpointName}  ${state.status}${state.changedAt ? `  since ${minute(state.changedAt)}` : ''}`];
  const field = (label: string, text: string) => lines.push(...hanging(`  ${label.padEnd(11)} `, text, width));
  if (state.configName) field('config', state.configName);
  for (const variant of state.variants) {
    field(variant.name, describeVariant(variant));
    if (variant.scaling !== undefined) field('scaling', variant.scaling ? describeScaling(variant.scaling) : 'none');
  }
  if (state.lastDeployment) field('rollout', describeDeployment(state.lastDeployment));
  if (log) {
    field('log', log.groupExists ? `${log.group}, ${log.streams} recent streams` : `${log.group} does not exist`);
    lines.push(...renderLog(log.lines));
  }
  for (const unknown of state.unknown) field('not seen', unknown);
  if (diagnosis) lines.push(...renderDiagnosis(diagnosis, width));
  return lines;
}

function describeVariant(variant: VariantState): string {
  const types = variant.instanceTypes
    .map(({ type, instances }) => (instances === undefined ? type : `${instances} × ${type}`))
    .join(', ');
  const parts = [
    `${variant.currentInstances ?? 0} of ${variant.desiredInstances ?? '?'} instances`,
    ...(types ? [types] : []),
    ...(variant.weight === undefined ? [] : [`weight ${variant.weight}`]),
    ...(variant.inferenceAmi ? [variant.inferenceAmi] : []),
    ...variant.stages,
  ];
  return parts.join(', ');
}

function describeScaling({ minCapacity, maxCapacity, policies, lastActivity }: ScalingState): string {
  const targets = policies.flatMap(({ metric, target }) => (target === undefined ? [] : [`${target} of ${metric}`]));
  return [
    `${minCapacity} to ${maxCapacity} instances`,
    ...targets,
    ...(lastActivity ? [`last ${minute(lastActivity.at)}: ${lastActivity.description} (${lastActivity.status})`] : []),
  ].join(', ');
}

function describeDeployment(deployment: NonNullable<EndpointState['lastDeployment']>): string {
  const wait = deployment.terminationWaitSeconds;
  return [
    deployment.strategy.toLowerCase().replaceAll('_', ' '),
    ...(wait === undefined ? [] : [`old fleet kept ${Math.round(wait / 60)} min`]),
    ...(deployment.alarms.length > 0 ? [`rolled back by ${deployment.alarms.join(', ')}`] : []),
  ].join(', ');
}

function renderDiagnosis(diagnosis: FailureDiagnosis, width: number): string[] {
  const lines: string[] = [];
  const field = (label: string, text: string) => lines.push(...hanging(`  ${label.padEnd(11)} `, text, width));
  if (diagnosis.reason) field('reason', diagnosis.reason);
  if (diagnosis.logExists === undefined)
    field('log', 'not known: access was denied, or the rollback deleted it (cdk deploy --no-rollback keeps it)');
  else if (!diagnosis.logExists) field('log', 'none: no container ever started');
  else {
    field('log', 'last lines');
    lines.push(...renderLog(diagnosis.logLines));
  }
  const [first, ...others] = diagnosis.causes;
  if (!first) {
    field('cause', 'the runbook has no such failure; only reason and log are known.');
    return lines;
  }
  field('cause', `${first.title}. ${first.cause}`);
  for (const fix of first.fixes) {
    field('fix', fix.text);
    // Not broken into lines: it is there to be copied.
    if (fix.command !== undefined) lines.push(`    $ ${fix.command}`);
    if (fix.cdk !== undefined) lines.push(`    ${fix.cdk}`);
  }
  if (others.length > 0) field('or', others.map(cause => cause.title).join('; '));
  field('more', `docs/runbook.md#${first.name}`);
  return lines;
}

/** One line of progress. */
export function renderProgress({ state, elapsedMs, explanation }: Progress): string {
  const instances = state.variants
    .map(({ currentInstances, desiredInstances }) => `${currentInstances ?? 0}/${desiredInstances ?? '?'}`)
    .join(' ');
  const parts = [clock(elapsedMs), state.endpointName, state.status, instances, explanation];
  return printable(parts.filter(part => part !== '').join('  '));
}

/** Elapsed time as `mm:ss`. */
function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** The end of a log. */
function renderLog(lines: readonly string[]): string[] {
  return lines.slice(-LOG_LINES_SHOWN).map(line => `    | ${line}`);
}

import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  ComparisonOperator,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** The metrics that the alarms of a gateway watch. */
export interface GatewayAlarmMetrics {
  /** Tasks that answer `/readyz` with 200. */
  readonly readyTasks: Metric;
  /** Most open sessions of one task. */
  readonly openSessions: Metric;
  readonly openedSessions: Metric;
  readonly failedOpens: Metric;
  readonly brokenSessions: Metric;
  /** In percent of a task's CPU. */
  readonly cpuUtilization: Metric;
}

/** Share of a task's most sessions at which the alarm on open sessions goes off: scaling aims at half of them. */
const SATURATION = 0.9;

/** The alarms of a gateway. */
export function gatewayAlarms(scope: Construct, metrics: GatewayAlarmMetrics, maxSessions: number): readonly Alarm[] {
  const { readyTasks, openSessions, openedSessions, failedOpens, brokenSessions, cpuUtilization } = metrics;
  return [
    readyTasks.with({ statistic: Stats.MINIMUM, period: Duration.minutes(1) }).createAlarm(scope, 'NoReadyTask', {
      alarmDescription: 'No task of the gateway takes WebSockets. Its log says why they end or are not ready.',
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.BREACHING,
    }),
    shareAlarm(scope, 'FailedOpens', failedOpens, openedSessions, {
      expression: '100 * faults / (faults + opened)',
      alarmDescription:
        'WebSockets cannot be opened. Is the endpoint in service, and is there room? The log names the error of each.',
    }),
    shareAlarm(scope, 'BrokenSessions', brokenSessions, openedSessions, {
      // Sessions that were opened before the window may break in it.
      expression: '100 * faults / IF(opened > faults, opened, faults)',
      alarmDescription: "Sessions break after they were opened. The endpoint's own alarms and log tell more.",
    }),
    openSessions.with({ statistic: Stats.MAXIMUM, period: Duration.minutes(1) }).createAlarm(scope, 'OpenSessions', {
      alarmDescription: 'A task holds nearly as many sessions as it may. Is scaling at its maximum?',
      threshold: Math.floor(maxSessions * SATURATION),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
    cpuUtilization.with({ period: Duration.minutes(5) }).createAlarm(scope, 'Cpu', {
      alarmDescription: 'The tasks are short of CPU, so that frames wait in the gateway. Lower sessionsPerTask.',
      threshold: 85,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
  ];
}

/** Share of faults that is too many, in percent. */
const FAULT_PERCENT = 5;

function shareAlarm(
  scope: Construct,
  id: string,
  faults: Metric,
  opened: Metric,
  { expression, alarmDescription }: { readonly expression: string; readonly alarmDescription: string },
): Alarm {
  return new MathExpression({
    expression,
    usingMetrics: { faults, opened },
    label: `${id} in percent`,
    period: Duration.minutes(5),
  }).createAlarm(scope, id, {
    alarmDescription,
    threshold: FAULT_PERCENT,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 2,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

import { Duration, Stack, Token } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  type Metric,
  Stats,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { partitionOf } from '../contract';
import type { IBidiEndpoint } from './bidi-endpoint-base';
import { allowAlarmNotifications } from './service-access';
import { numberViolation, throwIfInvalid, type Violation } from './violations';

/** What to watch, and when alarms go off. */
export interface BidiMonitoringProps {
  /** The endpoint to watch. */
  readonly endpoint: IBidiEndpoint;
  /**
   * Topic that the alarms notify, when they go off and when they are over. CloudWatch is allowed to publish to a topic of this
   * app and to use its key; a warning shows what an imported one with a key has to allow.
   *
   * @default - no topic; the alarms show on the dashboard and can roll back a deployment
   */
  readonly alarmTopic?: ITopic;
  /**
   * Time to the first response that 99 of 100 sessions should stay under.
   *
   * @default Duration.seconds(2)
   */
  readonly firstChunkLatency?: Duration;
  /**
   * Share of the streams that may break or be failed by the container, in percent of those that were opened in the same five
   * minutes.
   *
   * @default 5
   */
  readonly errorPercent?: number;
  /**
   * Open streams that one instance holds at an acceptable latency. With it an alarm goes off at `saturationPercent` of them.
   *
   * @default - no alarm on the number of open streams
   */
  readonly streamsPerInstance?: number;
  /**
   * Share of `streamsPerInstance`, in percent, at which the alarm on open streams goes off. Scaling should aim at 70 to 80: at more
   * it has not kept up or has come to its maximum.
   *
   * @default 90
   */
  readonly saturationPercent?: number;
  /**
   * Streams a minute that may be refused with a 5xx before the alarm goes off; it needs 3 such minutes of 5.
   *
   * @default 1
   */
  readonly serverErrors?: number;
  /**
   * Memory of an instance, in percent, above which the alarm goes off.
   *
   * @default 90
   */
  readonly memoryPercent?: number;
  /**
   * Disk of an instance, in percent, above which the alarm goes off.
   *
   * @default 90
   */
  readonly diskPercent?: number;
}

/** A dashboard that can stay open, and the alarms that it stands on. */
export class BidiMonitoring extends Construct {
  /** The dashboard. It shows the last 3 hours unless told otherwise. */
  readonly dashboard: Dashboard;
  /** Every alarm. */
  readonly alarms: readonly Alarm[];
  /**
   * The alarms that a new version of the container sets off, for `BidiEndpoint.addRollbackAlarms`: streams that it breaks, and
   * streams that it refuses or fails. The others have causes outside the deployment: latency rises with load and with clients that
   * open a stream and stay silent, 5xx errors come from the platform too, memory and disk change while instances are replaced.
   */
  readonly rollbackAlarms: readonly Alarm[];
  /** Address of the dashboard in the console, where the partition is known to have a public one. */
  readonly dashboardUrl?: string;

  constructor(scope: Construct, id: string, props: BidiMonitoringProps) {
    super(scope, id);
    throwIfInvalid(this.node.path, monitoringViolations(props));

    const latency = this.latencyAlarm(props);
    this.rollbackAlarms = [this.brokenStreamsAlarm(props), this.modelErrorsAlarm(props)];
    const serverErrors = this.serverErrorsAlarm(props);
    const memory = this.memoryAlarm(props);
    const disk = this.diskAlarm(props);
    this.alarms = [latency, ...this.rollbackAlarms, serverErrors, memory, disk, ...this.saturationAlarm(props)];
    if (props.alarmTopic) {
      allowAlarmNotifications(this, props.alarmTopic);
      const action = new SnsAction(props.alarmTopic);
      for (const alarm of this.alarms) {
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
      }
      memory.addInsufficientDataAction(action);
    }
    this.dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      widgets: this.widgets(props.endpoint),
    });
    this.dashboardUrl = this.urlOf(this.dashboard);
  }

  /** No session means no sample, and the alarm stays quiet then. */
  private latencyAlarm({ endpoint, firstChunkLatency = Duration.seconds(2) }: BidiMonitoringProps): Alarm {
    return endpoint.metricFirstChunkLatency().createAlarm(this, 'FirstChunkLatency', {
      alarmDescription:
        'Sessions wait too long for their first response. Look at GPU and open streams: too many a host?',
      threshold: microsecondsOf(firstChunkLatency),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private brokenStreamsAlarm(props: BidiMonitoringProps): Alarm {
    return this.shareAlarm('MidStreamErrors', props, props.endpoint.metricMidStreamErrors(), {
      alarmDescription:
        'Streams break after they began. Look for closed sockets and crashes in the containers\u2019 log.',
    });
  }

  private modelErrorsAlarm(props: BidiMonitoringProps): Alarm {
    return this.shareAlarm('ModelErrors', props, props.endpoint.metricModelErrors(), {
      alarmDescription: 'The container refuses or fails streams. Its log says why; callers see error 424.',
    });
  }

  /**
   * A share, so that it means the same at night and at noon. Streams that were opened before the window may fail in it, so
   * the share is of the greater of both counts.
   */
  private shareAlarm(
    id: string,
    { endpoint, errorPercent = 5 }: BidiMonitoringProps,
    errors: IMetric,
    options: { readonly alarmDescription: string },
  ): Alarm {
    return new MathExpression({
      expression: '100 * errors / IF(FILL(opened, 0) > errors, opened, errors)',
      usingMetrics: { errors, opened: endpoint.metricInvocations() },
      label: `${id} in percent of opened streams`,
      period: Duration.minutes(5),
    }).createAlarm(this, id, {
      ...options,
      threshold: errorPercent,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** The platform's own errors are rare, so every burst of them raises the alarm. */
  private serverErrorsAlarm({ endpoint, serverErrors = 1 }: BidiMonitoringProps): Alarm {
    return endpoint.metric5xxErrors({ period: Duration.minutes(1) }).createAlarm(this, 'ServerErrors', {
      alarmDescription:
        'The endpoint answers with 5xx. Is it updating, out of instances, or does the platform itself fail?',
      threshold: serverErrors,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * Every live instance reports its memory every minute, so the alarm has no data only when no instance is alive. It notifies
   * then too. It begins without data, which is no change of state, so that it stays quiet until the first instance reports.
   */
  private memoryAlarm({ endpoint, memoryPercent = 90 }: BidiMonitoringProps): Alarm {
    return this.exhaustionAlarm('Memory', endpoint.metricMemoryUtilization({ statistic: Stats.MAXIMUM }), {
      alarmDescription: 'An instance runs out of memory. Without data: no instance has reported for 15 minutes.',
      threshold: memoryPercent,
    });
  }

  private diskAlarm({ endpoint, diskPercent = 90 }: BidiMonitoringProps): Alarm {
    return this.exhaustionAlarm('Disk', endpoint.metricDiskUtilization({ statistic: Stats.MAXIMUM }), {
      alarmDescription: 'An instance runs out of disk. Does the container write files and never delete them?',
      threshold: diskPercent,
    });
  }

  private exhaustionAlarm(
    id: string,
    metric: Metric,
    options: { readonly alarmDescription: string; readonly threshold: number },
  ): Alarm {
    return metric.createAlarm(this, id, {
      ...options,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.MISSING,
    });
  }

  private saturationAlarm({ endpoint, streamsPerInstance, saturationPercent = 90 }: BidiMonitoringProps): Alarm[] {
    if (streamsPerInstance === undefined) return [];
    return [
      endpoint.metricConcurrentRequests().createAlarm(this, 'OpenStreams', {
        alarmDescription:
          'An instance holds nearly as many streams as it can. Is scaling at its maximum, or out of quota?',
        threshold: Math.floor((streamsPerInstance * saturationPercent) / 100),
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 5,
        // The metric comes while there are streams; without it there is nothing to be full of.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
    ];
  }

  private widgets(endpoint: IBidiEndpoint): IWidget[][] {
    const minute = { period: Duration.minutes(1) };
    return [
      [
        new TextWidget({
          width: 24,
          height: 2,
          // Not endpointName, which is an attribute of the resource: so a dashboard of another stack does not depend on it.
          markdown: `**${endpoint.logGroupName}** · variant ${endpoint.variantName}`,
        }),
      ],
      [new AlarmStatusWidget({ width: 24, height: 3, alarms: [...this.alarms] })],
      [
        graph('Open streams of the fullest instance', [
          endpoint.metricConcurrentRequests({ label: 'most' }),
          endpoint.metricConcurrentRequests({ label: 'fewest', statistic: Stats.MINIMUM }),
        ]),
        graph('Time to first response, microseconds', [
          endpoint.metricFirstChunkLatency({ ...minute, statistic: Stats.p(50), label: 'p50' }),
          endpoint.metricFirstChunkLatency({ ...minute, statistic: Stats.p(90), label: 'p90' }),
          endpoint.metricFirstChunkLatency({ ...minute, label: 'p99' }),
        ]),
        graph('Streams opened and failed', [
          endpoint.metricInvocations({ ...minute, label: 'opened' }),
          endpoint.metricMidStreamErrors({ ...minute, label: 'broke' }),
          endpoint.metricModelErrors({ ...minute, label: 'failed by the container' }),
          endpoint.metric4xxErrors({ ...minute, label: '4xx' }),
          endpoint.metric5xxErrors({ ...minute, label: '5xx' }),
        ]),
      ],
      [
        graph('GPU, percent summed over devices', [
          endpoint.metricGpuUtilization({ ...minute, label: 'GPU' }),
          endpoint.metricGpuMemoryUtilization({ ...minute, label: 'GPU memory' }),
        ]),
        graph('CPU, percent summed over cores', [endpoint.metricCpuUtilization({ ...minute, label: 'CPU' })]),
        graph('Memory and disk, percent', [
          endpoint.metricMemoryUtilization({ ...minute, label: 'memory' }),
          endpoint.metricDiskUtilization({ ...minute, label: 'disk' }),
        ]),
      ],
      [
        new LogQueryWidget({
          title: 'Last errors in the containers\u2019 log',
          logGroupNames: [endpoint.logGroupName],
          width: 24,
          height: 6,
          queryLines: [
            'fields @timestamp, @logStream, @message',
            'filter @message like /(?i)(error|exception|fatal|panic)/',
            'sort @timestamp desc',
            'limit 50',
          ],
        }),
      ],
    ];
  }

  private urlOf({ dashboardName }: Dashboard): string | undefined {
    const { region } = Stack.of(this);
    // Where the region is known only at deployment, it is taken for one of the commercial partition, as almost all are.
    const host = (Token.isUnresolved(region) ? partitionOf('us-east-1') : partitionOf(region))?.consoleHost;
    return host && `https://${region}.${host}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6, leftYAxis: { min: 0 } });
}

function microsecondsOf(duration: Duration): number {
  return duration.toMilliseconds() * 1_000;
}

function monitoringViolations(props: BidiMonitoringProps): Violation[] {
  const { firstChunkLatency, streamsPerInstance, serverErrors } = props;
  const whole = { min: 1, max: Number.MAX_SAFE_INTEGER };
  return [
    // The thresholds of these two are computed from them.
    ...(['firstChunkLatency', 'streamsPerInstance', 'saturationPercent'] as const).map(name =>
      Token.isUnresolved(props[name]) || (name === 'firstChunkLatency' && firstChunkLatency?.isUnresolved())
        ? `${name} is known at deployment only (a token); the alarm's threshold is computed from it, so give it as a value.`
        : undefined,
    ),
    firstChunkLatency && !firstChunkLatency.isUnresolved() && firstChunkLatency.toMilliseconds({ integral: false }) <= 0
      ? 'firstChunkLatency must be more than nothing.'
      : undefined,
    ...(['errorPercent', 'saturationPercent', 'memoryPercent', 'diskPercent'] as const).map(name =>
      percentViolation(name, props[name]),
    ),
    numberViolation('serverErrors', serverErrors, whole),
    numberViolation('streamsPerInstance', streamsPerInstance, whole),
  ];
}

function percentViolation(name: string, percent: number | undefined): Violation {
  if (percent === undefined || Token.isUnresolved(percent) || (percent > 0 && percent < 100)) return undefined;
  return `${name} is ${percent}; it must lie between 0 and 100.`;
}

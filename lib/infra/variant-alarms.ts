import { Duration, Token } from 'aws-cdk-lib';
import {
  type Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { IProductionVariant } from './stream-metrics';
import { numberViolation, type Violation } from './violations';

/** When alarms go off. */
export interface AlarmThresholds {
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

/** The alarms of one production variant. */
export class VariantAlarms {
  /** Every alarm. */
  readonly all: readonly Alarm[];
  /** The alarms that a new version of the container sets off. */
  readonly rollback: readonly Alarm[];
  /** The alarm on memory, which has no data when no instance is alive. */
  readonly memory: Alarm;

  constructor(
    private readonly scope: Construct,
    private readonly variant: IProductionVariant,
    thresholds: AlarmThresholds,
  ) {
    const latency = this.latencyAlarm(thresholds);
    this.rollback = [this.brokenStreamsAlarm(thresholds), this.modelErrorsAlarm(thresholds)];
    const serverErrors = this.serverErrorsAlarm(thresholds);
    this.memory = this.memoryAlarm(thresholds);
    const disk = this.diskAlarm(thresholds);
    this.all = [latency, ...this.rollback, serverErrors, this.memory, disk, ...this.saturationAlarm(thresholds)];
  }

  /** No session means no sample, and the alarm stays quiet then. */
  private latencyAlarm({ firstChunkLatency = Duration.seconds(2) }: AlarmThresholds): Alarm {
    return this.variant.metricFirstChunkLatency().createAlarm(this.scope, 'FirstChunkLatency', {
      alarmDescription:
        'Sessions wait too long for their first response. Look at GPU and open streams: too many a host?',
      threshold: microsecondsOf(firstChunkLatency),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private brokenStreamsAlarm(props: AlarmThresholds): Alarm {
    return this.shareAlarm('MidStreamErrors', props, this.variant.metricMidStreamErrors(), {
      alarmDescription:
        'Streams break after they began. Look for closed sockets and crashes in the containers\u2019 log.',
    });
  }

  private modelErrorsAlarm(props: AlarmThresholds): Alarm {
    return this.shareAlarm('ModelErrors', props, this.variant.metricModelErrors(), {
      alarmDescription: 'The container refuses or fails streams. Its log says why; callers see error 424.',
    });
  }

  /**
   * A share, so that it means the same at night and at noon. Streams that were opened before the window may fail in it, so
   * the share is of the greater of both counts.
   */
  private shareAlarm(
    id: string,
    { errorPercent = 5 }: AlarmThresholds,
    errors: IMetric,
    options: { readonly alarmDescription: string },
  ): Alarm {
    return new MathExpression({
      expression: '100 * errors / IF(FILL(opened, 0) > errors, opened, errors)',
      usingMetrics: { errors, opened: this.variant.metricInvocations() },
      label: `${id} in percent of opened streams`,
      period: Duration.minutes(5),
    }).createAlarm(this.scope, id, {
      ...options,
      threshold: errorPercent,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** The platform's own errors are rare, so every burst of them raises the alarm. */
  private serverErrorsAlarm({ serverErrors = 1 }: AlarmThresholds): Alarm {
    return this.variant.metric5xxErrors({ period: Duration.minutes(1) }).createAlarm(this.scope, 'ServerErrors', {
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
  private memoryAlarm({ memoryPercent = 90 }: AlarmThresholds): Alarm {
    return this.exhaustionAlarm('Memory', this.variant.metricMemoryUtilization({ statistic: Stats.MAXIMUM }), {
      alarmDescription: 'An instance runs out of memory. Without data: no instance has reported for 15 minutes.',
      threshold: memoryPercent,
    });
  }

  private diskAlarm({ diskPercent = 90 }: AlarmThresholds): Alarm {
    return this.exhaustionAlarm('Disk', this.variant.metricDiskUtilization({ statistic: Stats.MAXIMUM }), {
      alarmDescription: 'An instance runs out of disk. Does the container write files and never delete them?',
      threshold: diskPercent,
    });
  }

  private exhaustionAlarm(
    id: string,
    metric: Metric,
    options: { readonly alarmDescription: string; readonly threshold: number },
  ): Alarm {
    return metric.createAlarm(this.scope, id, {
      ...options,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.MISSING,
    });
  }

  private saturationAlarm({ streamsPerInstance, saturationPercent = 90 }: AlarmThresholds): Alarm[] {
    if (streamsPerInstance === undefined) return [];
    return [
      this.variant.metricConcurrentRequests().createAlarm(this.scope, 'OpenStreams', {
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
}

function microsecondsOf(duration: Duration): number {
  return duration.toMilliseconds() * 1_000;
}

/** The violations in thresholds. */
export function thresholdViolations(props: AlarmThresholds): Violation[] {
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

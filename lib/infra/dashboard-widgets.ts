import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IBidiEndpoint } from './bidi-endpoint-base';
import type { IProductionVariant } from './stream-metrics';

const MINUTE = { period: Duration.minutes(1) } as const;

/** The rows of an endpoint's dashboard: its alarms, the graphs of each production variant, and the containers' log. */
export function dashboardWidgets(endpoint: IBidiEndpoint, alarms: readonly IAlarm[]): IWidget[][] {
  const names = endpoint.variants.map(({ variantName }) => variantName).join(', ');
  // Not endpointName, which is an attribute of the resource: so a dashboard of another stack does not depend on it.
  const title = `**${endpoint.logGroupName}** · variant ${names}`;
  return [
    [new TextWidget({ width: 24, height: 2, markdown: title })],
    [new AlarmStatusWidget({ width: 24, height: 3, alarms: [...alarms] })],
    ...endpoint.variants.flatMap(variant => [
      ...(endpoint.variants.length > 1
        ? [[new TextWidget({ width: 24, height: 1, markdown: `**${variant.variantName}**` })]]
        : []),
      ...variantGraphs(variant),
    ]),
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

function variantGraphs(variant: IProductionVariant): IWidget[][] {
  return [
    [
      graph('Open streams of the fullest instance', [
        variant.metricConcurrentRequests({ label: 'most' }),
        variant.metricConcurrentRequests({ label: 'fewest', statistic: Stats.MINIMUM }),
      ]),
      graph('Time to first response, microseconds', [
        variant.metricFirstChunkLatency({ ...MINUTE, statistic: Stats.p(50), label: 'p50' }),
        variant.metricFirstChunkLatency({ ...MINUTE, statistic: Stats.p(90), label: 'p90' }),
        variant.metricFirstChunkLatency({ ...MINUTE, label: 'p99' }),
      ]),
      graph('Streams opened and failed', [
        variant.metricInvocations({ ...MINUTE, label: 'opened' }),
        variant.metricMidStreamErrors({ ...MINUTE, label: 'broke' }),
        variant.metricModelErrors({ ...MINUTE, label: 'failed by the container' }),
        variant.metric4xxErrors({ ...MINUTE, label: '4xx' }),
        variant.metric5xxErrors({ ...MINUTE, label: '5xx' }),
      ]),
    ],
    [
      graph('GPU, percent summed over devices', [
        variant.metricGpuUtilization({ ...MINUTE, label: 'GPU' }),
        variant.metricGpuMemoryUtilization({ ...MINUTE, label: 'GPU memory' }),
      ]),
      graph('CPU, percent summed over cores', [variant.metricCpuUtilization({ ...MINUTE, label: 'CPU' })]),
      graph('Memory and disk, percent', [
        variant.metricMemoryUtilization({ ...MINUTE, label: 'memory' }),
        variant.metricDiskUtilization({ ...MINUTE, label: 'disk' }),
      ]),
    ],
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6, leftYAxis: { min: 0 } });
}

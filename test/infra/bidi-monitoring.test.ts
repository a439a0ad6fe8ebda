import { type App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { BidiEndpoint, BidiMonitoring, type BidiMonitoringProps } from '../../lib/infra';
import { ACCOUNT, imageModel, newApp, newStack } from './synthesis';

const TOPIC_ARN = `arn:aws:sns:us-east-1:${ACCOUNT}:alarms`;
const topicOf = (stack: Stack) => Topic.fromTopicArn(stack, 'Topic', TOPIC_ARN);

interface Settings extends Omit<Partial<BidiMonitoringProps>, 'alarmTopic'> {
  readonly alarmTopic?: (stack: Stack) => ITopic;
}

describe('BidiMonitoring', () => {
  function monitor({ alarmTopic, ...props }: Settings = {}) {
    const stack = newStack('us-east-1');
    const endpoint = BidiEndpoint.fromEndpointName(stack, 'Speech', 'speech');
    const monitoring = new BidiMonitoring(stack, 'Monitoring', {
      endpoint,
      alarmTopic: alarmTopic?.(stack),
      ...props,
    });
    return { monitoring, template: Template.fromStack(stack) };
  }
  const alarmsOf = (template: Template) =>
    Object.entries(template.findResources('AWS::CloudWatch::Alarm')).map(([id, { Properties }]) => ({
      id: id.replace(/^Monitoring|[0-9A-F]{8}$/g, ''),
      missing: Properties.TreatMissingData,
      threshold: Properties.Threshold,
    }));

  test('alarms with thresholds of reason, silence judged for each', () => {
    expect(alarmsOf(monitor({ streamsPerInstance: 45 }).template)).toEqual([
      { id: 'FirstChunkLatency', missing: 'notBreaching', threshold: 2_000_000 },
      { id: 'MidStreamErrors', missing: 'notBreaching', threshold: 5 },
      { id: 'ModelErrors', missing: 'notBreaching', threshold: 5 },
      { id: 'ServerErrors', missing: 'notBreaching', threshold: 1 },
      { id: 'Memory', missing: 'missing', threshold: 90 },
      { id: 'Disk', missing: 'missing', threshold: 90 },
      { id: 'OpenStreams', missing: 'notBreaching', threshold: 40 },
    ]);
  });

  test('other thresholds where they are given', () => {
    const { template } = monitor({
      firstChunkLatency: Duration.millis(800),
      errorPercent: 2,
      serverErrors: 10,
      memoryPercent: 80,
      diskPercent: 70,
      streamsPerInstance: 50,
      saturationPercent: 80,
    });
    expect(alarmsOf(template).map(({ threshold }) => threshold)).toEqual([800_000, 2, 2, 10, 80, 70, 40]);
  });

  test('without streamsPerInstance there is no alarm on open streams', () => {
    expect(alarmsOf(monitor().template).map(({ id }) => id)).not.toContain('OpenStreams');
  });

  test('only alarms that a new container sets off roll back: not load, silent clients or the platform', () => {
    const { monitoring } = monitor({ streamsPerInstance: 45 });
    expect(monitoring.rollbackAlarms.map(alarm => alarm.node.id)).toEqual(['MidStreamErrors', 'ModelErrors']);
  });

  test('a topic is notified of the beginning and the end of every alarm, and when no instance reports any more', () => {
    const { template } = monitor({ alarmTopic: topicOf });
    const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));
    for (const [id, { Properties }] of alarms) {
      expect(Properties.AlarmActions).toEqual([TOPIC_ARN]);
      expect(Properties.OKActions).toEqual([TOPIC_ARN]);
      // Not breaching: the alarm begins without data, and would page while the endpoint is created.
      expect(Properties.InsufficientDataActions).toEqual(id.startsWith('MonitoringMemory') ? [TOPIC_ARN] : undefined);
    }
  });

  test('the dashboard shows streams, latency, errors, hardware and the log', () => {
    const body = JSON.stringify(monitor().template.findResources('AWS::CloudWatch::Dashboard'));
    for (const metric of [
      'ConcurrentRequestsPerModel',
      'FirstChunkLatency',
      'MidStreamErrors',
      'GPUMemoryUtilization',
      'DiskUtilization',
    ]) {
      expect(body).toContain(metric);
    }
    expect(body).toContain("SOURCE '/aws/sagemaker/Endpoints/speech'");
    expect(body).not.toContain('ModelLatency');
  });

  test('thresholds that are known at deployment only pass', () => {
    const percent = Token.asNumber({ Ref: 'AWS::AccountId' });
    expect(alarmsOf(monitor({ errorPercent: percent, memoryPercent: percent }).template)).toContainEqual(
      expect.objectContaining({ id: 'Memory', threshold: { Ref: 'AWS::AccountId' } }),
    );
  });

  test.each([
    [{ errorPercent: 0 }, 'errorPercent is 0'],
    [{ errorPercent: 100 }, 'errorPercent is 100'],
    [{ streamsPerInstance: 0 }, 'streamsPerInstance is 0'],
    [{ memoryPercent: 101 }, 'memoryPercent is 101'],
    [{ diskPercent: 0 }, 'diskPercent is 0'],
    [{ saturationPercent: 100 }, 'saturationPercent is 100'],
    [{ serverErrors: 0 }, 'serverErrors is 0'],
    [{ streamsPerInstance: Token.asNumber({ Ref: 'Streams' }) }, 'streamsPerInstance is known at deployment only'],
  ])('refuses %j', (props, violation) => {
    expect(() => monitor(props)).toThrow(violation);
  });
});

describe('the topic of the alarms', () => {
  const CLOUDWATCH = { Service: 'cloudwatch.amazonaws.com' };
  const Condition = {
    ArnLike: { 'aws:SourceArn': `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:*` },
    StringEquals: { 'aws:SourceAccount': ACCOUNT },
  };

  function notify(topic: (stack: Stack) => ITopic): Stack {
    const stack = newStack('us-east-1');
    const endpoint = BidiEndpoint.fromEndpointName(stack, 'Speech', 'speech');
    new BidiMonitoring(stack, 'Monitoring', { endpoint, alarmTopic: topic(stack) });
    return stack;
  }

  test('that demands TLS lets the alarms of the account publish, and its key lets them encrypt', () => {
    const stack = notify(scope => new Topic(scope, 'Topic', { enforceSSL: true, masterKey: new Key(scope, 'Key') }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith(
          [
            { Effect: 'Allow', Principal: CLOUDWATCH, Action: 'sns:Publish', Resource: Match.anyValue(), Condition },
          ].map(statement => Match.objectLike(statement)),
        ),
      },
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Principal: CLOUDWATCH, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Condition }),
        ]),
      },
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('from elsewhere with a key from elsewhere: a warning with the statement that the key has to hold', () => {
    const keyArn = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const stack = notify(scope => Topic.fromTopicAttributes(scope, 'Topic', { topicArn: TOPIC_ARN, keyArn }));
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('CloudWatch cannot use the key.*"kms:GenerateDataKey\\*".*cloudwatch.amazonaws.com'),
    );
  });

  test('from elsewhere without a key: nothing to change', () => {
    Annotations.fromStack(notify(topicOf)).hasNoWarning('*', Match.anyValue());
  });
});

test('of another stack: neither stack waits for the other by the endpoint, so its alarms can roll back', () => {
  const app: App = newApp();
  const env = { account: ACCOUNT, region: 'us-east-1' };
  const hosting = new Stack(app, 'Hosting', { env });
  const watching = new Stack(app, 'Watching', { env });
  const endpoint = new BidiEndpoint(hosting, 'Speech', { model: imageModel() });
  endpoint.addRollbackAlarms(...new BidiMonitoring(watching, 'Monitoring', { endpoint }).rollbackAlarms);
  app.synth();
  expect(hosting.dependencies).toEqual([watching]);
  expect(watching.dependencies).toEqual([]);
});

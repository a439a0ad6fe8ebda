import { Duration, Stack, Token } from 'aws-cdk-lib';
import { type Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { propertyInjectable } from 'aws-cdk-lib/core/lib/prop-injectable';
import { Construct } from 'constructs';
import { partitionOf } from '../contract';
import type { IBidiEndpoint } from './bidi-endpoint-base';
import { dashboardWidgets } from './dashboard-widgets';
import { allowAlarmNotifications } from './service-access';
import { type AlarmThresholds, thresholdViolations, VariantAlarms } from './variant-alarms';
import { throwIfInvalid } from './violations';

/** The endpoint to watch, and the thresholds of its alarms. */
export interface BidiMonitoringProps extends AlarmThresholds {
  /** The endpoint to watch. */
  readonly endpoint: IBidiEndpoint;
  /**
   * Topic that the alarms notify, when they go off and when they are over. CloudWatch is allowed to publish to a topic of this
   * app and to use its key; a warning shows what an imported one with a key has to allow.
   *
   * @default - no topic; the alarms show on the dashboard and can roll back a deployment
   */
  readonly alarmTopic?: ITopic;
}

/** A dashboard that can stay open, and the alarms of every production variant. */
@propertyInjectable
export class BidiMonitoring extends Construct {
  /** Name under which an `IPropertyInjector` changes the defaults of this construct. */
  static get PROPERTY_INJECTION_ID(): string {
    return 'sagemaker-bidi-kit.BidiMonitoring';
  }

  /** The dashboard. It shows the last 3 hours by default. */
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

  /** @throws InvalidPropsError with every violation in the thresholds. */
  constructor(scope: Construct, id: string, props: BidiMonitoringProps) {
    super(scope, id);
    throwIfInvalid(this.node.path, thresholdViolations(props));
    const { endpoint, alarmTopic } = props;
    const alarms = endpoint.variants.map(variant => {
      const scope = endpoint.variants.length > 1 ? new Construct(this, variant.variantName) : this;
      return new VariantAlarms(scope, variant, props);
    });
    this.alarms = alarms.flatMap(({ all }) => all);
    this.rollbackAlarms = alarms.flatMap(({ rollback }) => rollback);
    if (alarmTopic) {
      allowAlarmNotifications(this, alarmTopic);
      const action = new SnsAction(alarmTopic);
      for (const alarm of this.alarms) {
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
      }
      for (const { memory } of alarms) memory.addInsufficientDataAction(action);
    }
    this.dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      widgets: dashboardWidgets(endpoint, this.alarms),
    });
    this.dashboardUrl = this.urlOf(this.dashboard);
  }

  private urlOf({ dashboardName }: Dashboard): string | undefined {
    const { region } = Stack.of(this);
    // Where the region is known only at deployment, it is taken for one of the commercial partition, as almost all are.
    const host = (Token.isUnresolved(region) ? partitionOf('us-east-1') : partitionOf(region))?.consoleHost;
    return host && `https://${region}.${host}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

import { Duration, Token } from 'aws-cdk-lib';
import type { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import {
  BAKE_SECONDS,
  DRAIN_SECONDS,
  MAXIMUM_EXECUTION_SECONDS,
  ROLLOUT_STEP_PERCENT,
  TERMINATION_WAIT_SECONDS,
} from '../contract';
import { durationViolation, numberViolation, type Violation } from './violations';

/** Properties of every rollout. */
export interface RolloutProps {
  /**
   * How long the old instances stay after they got their last new stream, so that open streams can end: whole seconds, up to
   * 1 h. A stream lives 30 minutes at most, so with the default none is cut.
   *
   * @default Duration.minutes(30)
   */
  readonly drain?: Duration;
  /**
   * Longest time for the whole deployment, after which it is rolled back: whole seconds, 10 min to 8 h.
   *
   * @default - all the waits together and one hour for instances, image and model; the platform's own limit where a wait is a
   * token
   */
  readonly maximumExecution?: Duration;
}

/** Properties of a rollout in steps. */
export interface SteppedRolloutProps extends RolloutProps {
  /** How much of the fleet one step takes, in percent. */
  readonly stepPercent: number;
  /**
   * How long a step is watched before the next: whole seconds, up to 1 h.
   *
   * @default Duration.minutes(5)
   */
  readonly bake?: Duration;
}

/** Properties of a rolling update. */
export interface RollingRolloutProps extends Omit<SteppedRolloutProps, 'bake' | 'drain'> {
  /**
   * How long a batch of old instances stays after new ones took its place, so that open streams can end and alarms can tell:
   * whole seconds, up to 1 h. A rolling update knows no other wait.
   *
   * @default Duration.minutes(30)
   */
  readonly drain?: Duration;
}

/** Instances, image and model take their time too, not only the waits. */
const PROVISIONING_SECONDS = 3_600;

/**
 * How an endpoint moves its streams from one version to the next. All but `rolling` stand up a whole second fleet, so they need capacity
 * and quota for twice the instances.
 *
 * Source: developer guide, "Deployment guardrails for updating models in production".
 */
export class Rollout {
  /** All streams that open from one moment on go to the new instances. */
  static allAtOnce(props: RolloutProps = {}): Rollout {
    return new Rollout('allAtOnce', { stepPercent: 100, ...props, bake: Duration.seconds(0) });
  }

  /** A part of the new streams goes to the new instances first (1 to 50 %), the rest after a while. */
  static canary(props: SteppedRolloutProps): Rollout {
    return new Rollout('canary', props);
  }

  /** The new streams move in equal steps (10 to 50 %). */
  static linear(props: SteppedRolloutProps): Rollout {
    return new Rollout('linear', props);
  }

  /** Instances are replaced in batches (5 to 50 %), without a second fleet. */
  static rolling(props: RollingRolloutProps): Rollout {
    return new Rollout('rolling', { ...props, bake: props.drain ?? Duration.seconds(DRAIN_SECONDS) });
  }

  private readonly stepPercent: number;
  private readonly bake: Duration;
  private readonly drain: Duration;

  private constructor(
    private readonly kind: 'allAtOnce' | 'canary' | 'linear' | 'rolling',
    private readonly props: SteppedRolloutProps,
  ) {
    this.stepPercent = props.stepPercent;
    this.bake = props.bake ?? Duration.minutes(5);
    this.drain = props.drain ?? Duration.seconds(DRAIN_SECONDS);
  }

  /** Whether instances are replaced in batches, without a second fleet. */
  get isRolling(): boolean {
    return this.kind === 'rolling';
  }

  /**
   * The violations in a fleet that may have as few instances as this when an update comes.
   *
   * @internal
   */
  _fleetViolation(fewestInstances: number, reason = 'and the endpoint has'): Violation {
    if (this.kind === 'allAtOnce' || Token.isUnresolved(fewestInstances) || fewestInstances >= 2) return undefined;
    return `A ${this.kind} rollout needs at least 2 instances, ${reason} ${fewestInstances}: a step is at most half of the fleet, and half of one instance is none.`;
  }

  /**
   * The violations in this rollout, independent of the fleet.
   *
   * @internal
   */
  _violations(): Violation[] {
    const { maximumExecution } = this.props;
    const waits = this.waitSeconds();
    return [
      this.kind === 'allAtOnce'
        ? undefined
        : numberViolation(`stepPercent of a ${this.kind} rollout`, this.stepPercent, ROLLOUT_STEP_PERCENT[this.kind]),
      this.kind === 'rolling' ? undefined : durationViolation('bake of the rollout', this.bake, BAKE_SECONDS),
      durationViolation('drain of the rollout', this.drain, TERMINATION_WAIT_SECONDS),
      durationViolation('maximumExecution of the rollout', maximumExecution, MAXIMUM_EXECUTION_SECONDS),
      waits !== undefined && waits >= MAXIMUM_EXECUTION_SECONDS.max
        ? `The rollout waits ${this.waitsInWords()} = ${waits} s; a deployment may take ${MAXIMUM_EXECUTION_SECONDS.max} s at most. Take larger steps or shorter waits.`
        : waits !== undefined &&
            maximumExecution &&
            !maximumExecution.isUnresolved() &&
            waits >= maximumExecution.toSeconds()
          ? `The rollout waits ${this.waitsInWords()} = ${waits} s; maximumExecution is ${maximumExecution.toSeconds()} s and must be more.`
          : undefined,
    ];
  }

  /** The rollout as the endpoint takes it. */
  render(): CfnEndpoint.DeploymentConfigProperty {
    const step = { type: 'CAPACITY_PERCENT', value: this.stepPercent };
    const waits = this.waitSeconds();
    const maximumExecutionTimeoutInSeconds =
      this.props.maximumExecution?.toSeconds() ??
      (waits === undefined ? undefined : Math.min(waits + PROVISIONING_SECONDS, MAXIMUM_EXECUTION_SECONDS.max));
    if (this.kind === 'rolling') {
      return {
        rollingUpdatePolicy: {
          maximumBatchSize: step,
          waitIntervalInSeconds: this.bake.toSeconds(),
          maximumExecutionTimeoutInSeconds,
        },
      };
    }
    return {
      blueGreenUpdatePolicy: {
        trafficRoutingConfiguration: {
          // CloudFormation's schema takes it without an interval; the API model (TrafficRoutingConfig) requires one of every type.
          allAtOnce: { type: 'ALL_AT_ONCE', waitIntervalInSeconds: 0 },
          canary: { type: 'CANARY', canarySize: step, waitIntervalInSeconds: this.bake.toSeconds() },
          linear: { type: 'LINEAR', linearStepSize: step, waitIntervalInSeconds: this.bake.toSeconds() },
        }[this.kind],
        terminationWaitInSeconds: this.drain.toSeconds(),
        maximumExecutionTimeoutInSeconds,
      },
    };
  }

  /** How often the bake time passes: after every step of a rolling update, between the steps of the others. */
  private bakes(): number {
    const steps = this.kind === 'canary' ? 2 : Math.ceil(100 / this.stepPercent);
    return this.kind === 'rolling' ? steps : steps - 1;
  }

  /** All the waits together, in seconds; `undefined` where one of them is known at deployment only. */
  private waitSeconds(): number | undefined {
    if (this.bake.isUnresolved() || this.drain.isUnresolved() || Token.isUnresolved(this.stepPercent)) return undefined;
    const drain = this.kind === 'rolling' ? 0 : this.drain.toSeconds();
    return this.bakes() * this.bake.toSeconds() + drain;
  }

  private waitsInWords(): string {
    const bakes = `${this.bakes()} x ${this.bake.toSeconds()} s`;
    if (this.kind === 'rolling') return bakes;
    return this.bakes() > 0 ? `${bakes} + ${this.drain.toSeconds()} s` : `${this.drain.toSeconds()} s`;
  }
}

import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { SageMakerClient, SageMakerClientConfig } from '@aws-sdk/client-sagemaker';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { STSClient } from '@aws-sdk/client-sts';
import { type Answer, ask } from './ask';

/** How the control plane of AWS is reached. */
export interface ControlPlaneOptions {
  /**
   * Region of the endpoint.
   *
   * @default - what the SDK finds in the environment and the profile
   */
  readonly region?: string;
  /**
   * Credentials, or what provides them.
   *
   * @default - the SDK's chain
   */
  readonly credentials?: SageMakerClientConfig['credentials'];
  /**
   * URL of every service, for tests.
   *
   * @default - the region's own
   */
  readonly endpoint?: string;
  /**
   * Time in which one question has to be answered, retries included, in milliseconds.
   *
   * @default 15000
   */
  readonly timeoutMs?: number;
}

/** The clients of the services that are asked, each loaded when it is first used. */
export class ControlPlane implements Disposable {
  readonly timeoutMs: number | undefined;
  private readonly clients = new Map<string, { destroy(): void }>();

  constructor(private readonly options: ControlPlaneOptions = {}) {
    this.timeoutMs = options.timeoutMs;
  }

  get applicationAutoScaling(): ApplicationAutoScalingClient {
    return this.client('auto-scaling', () => {
      const module =
        require('@aws-sdk/client-application-auto-scaling') as typeof import('@aws-sdk/client-application-auto-scaling');
      return new module.ApplicationAutoScalingClient(this.configuration());
    });
  }

  get cloudFormation(): CloudFormationClient {
    return this.client('cloudformation', () => {
      const module = require('@aws-sdk/client-cloudformation') as typeof import('@aws-sdk/client-cloudformation');
      return new module.CloudFormationClient(this.configuration());
    });
  }

  get cloudWatchLogs(): CloudWatchLogsClient {
    return this.client('logs', () => {
      const module = require('@aws-sdk/client-cloudwatch-logs') as typeof import('@aws-sdk/client-cloudwatch-logs');
      return new module.CloudWatchLogsClient(this.configuration());
    });
  }

  get ecr(): ECRClient {
    return this.client('ecr', () => {
      const module = require('@aws-sdk/client-ecr') as typeof import('@aws-sdk/client-ecr');
      return new module.ECRClient(this.configuration());
    });
  }

  get sageMaker(): SageMakerClient {
    return this.client('sagemaker', () => {
      const module = require('@aws-sdk/client-sagemaker') as typeof import('@aws-sdk/client-sagemaker');
      return new module.SageMakerClient(this.configuration());
    });
  }

  get serviceQuotas(): ServiceQuotasClient {
    return this.client('service-quotas', () => {
      const module = require('@aws-sdk/client-service-quotas') as typeof import('@aws-sdk/client-service-quotas');
      return new module.ServiceQuotasClient(this.configuration());
    });
  }

  get sts(): STSClient {
    return this.client('sts', () => {
      const module = require('@aws-sdk/client-sts') as typeof import('@aws-sdk/client-sts');
      return new module.STSClient(this.configuration());
    });
  }

  /**
   * Asks AWS one thing within the bound of the options, and says what became of it.
   *
   * @param action IAM action that the caller needs, such as `sagemaker:DescribeEndpoint`.
   * @param timeoutMs bound where the options have none, in milliseconds.
   */
  ask<T>(action: string, call: (abortSignal: AbortSignal) => Promise<T>, timeoutMs?: number): Promise<Answer<T>> {
    return ask(action, call, this.timeoutMs ?? timeoutMs);
  }

  /** The region that the clients use, or `undefined` when none is configured anywhere. */
  async region(): Promise<string | undefined> {
    if (this.options.region) return this.options.region;
    try {
      return await this.sts.config.region();
    } catch {
      return undefined;
    }
  }

  /** Releases the sockets. */
  [Symbol.dispose](): void {
    for (const client of this.clients.values()) client.destroy();
    this.clients.clear();
  }

  private client<T extends { destroy(): void }>(name: string, make: () => T): T {
    const known = this.clients.get(name) as T | undefined;
    if (known) return known;
    const made = make();
    this.clients.set(name, made);
    return made;
  }

  private configuration() {
    const { region, credentials, endpoint } = this.options;
    return {
      ...(region !== undefined && { region }),
      ...(credentials !== undefined && { credentials }),
      ...(endpoint !== undefined && { endpoint }),
      // A connection that is not there within seconds will not come: the bound on the whole question is `ask`'s.
      requestHandler: { connectionTimeout: 5_000 },
    };
  }
}

import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { SageMakerClient, type SageMakerClientConfig } from '@aws-sdk/client-sagemaker';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { STSClient } from '@aws-sdk/client-sts';
import { type Answer, ask } from './ask';

/** How to reach the control plane of AWS. */
export interface ControlPlaneOptions {
  /**
   * Region of the endpoint.
   *
   * @default - the region that the SDK finds in the environment and the profile
   */
  readonly region?: string;
  /**
   * Credentials, or a provider of them.
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
   * Time limit of one request, retries included, in milliseconds.
   *
   * @default 15000
   */
  readonly timeoutMs?: number;
}

interface Client {
  destroy(): void;
}

/** The configuration that the clients of all services share. */
type ClientConfiguration = Pick<SageMakerClientConfig, 'region' | 'credentials' | 'endpoint' | 'requestHandler'>;

type ClientClass<T extends Client> = new (configuration: ClientConfiguration) => T;

/** One client a service, made when it is first used. */
export class ControlPlane implements Disposable {
  readonly timeoutMs: number | undefined;
  private readonly clients = new Map<ClientClass<Client>, Client>();

  constructor(private readonly options: ControlPlaneOptions = {}) {
    this.timeoutMs = options.timeoutMs;
  }

  get applicationAutoScaling(): ApplicationAutoScalingClient {
    return this.client(ApplicationAutoScalingClient);
  }

  get cloudFormation(): CloudFormationClient {
    return this.client(CloudFormationClient);
  }

  get cloudWatchLogs(): CloudWatchLogsClient {
    return this.client(CloudWatchLogsClient);
  }

  get ecr(): ECRClient {
    return this.client(ECRClient);
  }

  get sageMaker(): SageMakerClient {
    return this.client(SageMakerClient);
  }

  get serviceQuotas(): ServiceQuotasClient {
    return this.client(ServiceQuotasClient);
  }

  get sts(): STSClient {
    return this.client(STSClient);
  }

  /**
   * Sends one request to AWS within the time limit of the options; see {@link ask}.
   *
   * @param action IAM action that the caller needs, such as `sagemaker:DescribeEndpoint`.
   * @param timeoutMs time limit where the options have none, in milliseconds.
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

  private client<T extends Client>(ServiceClient: ClientClass<T>): T {
    const known = this.clients.get(ServiceClient) as T | undefined;
    if (known) return known;
    const made = new ServiceClient(this.configuration());
    this.clients.set(ServiceClient, made);
    return made;
  }

  private configuration(): ClientConfiguration {
    const { region, credentials, endpoint } = this.options;
    return {
      ...(region !== undefined && { region }),
      ...(credentials !== undefined && { credentials }),
      ...(endpoint !== undefined && { endpoint }),
      // A connection that is not open after 5 s will not open. The time limit of the whole request is `ask`'s.
      requestHandler: { connectionTimeout: 5_000 },
    };
  }
}

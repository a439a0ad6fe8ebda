import { join } from 'node:path';
import type { SageMakerRuntimeHTTP2ClientConfig } from '../../lib/client';
import { endpointLogGroup } from '../../lib/contract';
import { runDirectory } from '../interop/tool-directory';
import { Cdk } from './cdk';
import { Deployed } from './deployed';
import { copySourceTree } from './source-tree';
import { type Backend, ENDPOINT_NAME, STACK } from './stage';

/** The smallest types without a GPU that are not burstable: scaling refuses those. The first for which the account has quota is taken. */
export const SMALLEST_INSTANCE_TYPES = ['ml.c5.large', 'ml.c6i.large', 'ml.c7i.large', 'ml.m5.large'] as const;

/** Longest time of one command, in milliseconds: an update waits 30 minutes for the streams of the old instances. */
const COMMAND_TIMEOUT_MS = 90 * 60_000;

/** An account of AWS, with the credentials that the SDK finds. */
export class AwsBackend implements Backend {
  readonly kind = 'aws';
  readonly cannot = {};
  readonly pace = {
    pollMs: 10_000,
    messageMs: 1_000,
    holdToAgeMs: 28 * 60_000,
    load: ['--steps', '2,5', '--hold', '30', '--max-lag', '1000'],
  };
  readonly instanceTypes: readonly string[];
  readonly source: string;
  readonly cdk: Cdk;
  readonly deployed: Deployed;

  constructor(
    readonly region: string,
    instanceType?: string,
  ) {
    const directory = runDirectory('acceptance');
    this.instanceTypes = instanceType === undefined ? SMALLEST_INSTANCE_TYPES : [instanceType];
    this.source = copySourceTree(directory);
    this.deployed = new Deployed({ region });
    this.cdk = new Cdk({
      root: this.source,
      directory: join(directory, 'cdk'),
      environment: () => ({ AWS_REGION: region, AWS_DEFAULT_REGION: region }),
      timeoutMs: COMMAND_TIMEOUT_MS,
      isShown: true,
    });
  }

  fidelityTarget(): readonly string[] {
    return ['--stack', STACK, '--region', this.region];
  }

  streams = (): SageMakerRuntimeHTTP2ClientConfig => ({ region: this.region });

  async serveDeployed(): Promise<void> {} // AWS does

  containerLog(): Promise<readonly string[]> {
    return this.deployed.logLines(endpointLogGroup(ENDPOINT_NAME), '?draining ?stopped');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

import type { Command } from 'commander';
import type { ControlPlane } from '../lib/operate/aws';

/** Options of every command that asks AWS. */
export interface AwsOptions {
  readonly region?: string;
  readonly profile?: string;
}

/** Adds the options of {@link AwsOptions} to a command. */
export function withAwsOptions(command: Command): Command {
  return command
    .option('--region <region>', 'region of the endpoint (default: as the AWS CLI finds it)')
    .option('--profile <profile>', 'profile of ~/.aws (default: as the AWS CLI finds it)');
}

/** The control plane that the options name. */
export async function controlPlane({ region, profile }: AwsOptions): Promise<ControlPlane> {
  const { ControlPlane } = await import('../lib/operate/aws');
  // The SDK finds both credentials and region by this variable.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  return new ControlPlane({ region });
}

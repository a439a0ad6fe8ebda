import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { FROM_SOURCE, kitContainer } from './kit-container';

let isBundled = false;

/**
 * The gateway's image. The published package holds the file that it is made of; in the repository that file is bundled first, as
 * `NodejsFunction` bundles its own.
 */
export function gatewayImage(scope: Construct, id: string, architecture: CpuArchitecture): DockerImageAsset {
  const { directory } = kitContainer('gateway');
  if (FROM_SOURCE && !isBundled) {
    execFileSync(process.execPath, [path.join(directory, 'bundle.js')], { stdio: ['ignore', 'ignore', 'inherit'] });
    isBundled = true;
  }
  return new DockerImageAsset(scope, id, {
    directory,
    assetName: 'Gateway',
    platform: architecture === CpuArchitecture.ARM64 ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
  });
}

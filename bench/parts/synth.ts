import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Recorder, ratios } from '../measurement';

const ROOT = resolve(__dirname, '../..');
const KIT = 'both stacks, nag on';
const DEFAULT = 'one role, ts-node';

/** The app that `cdk init` would leave behind, with one role in it. */
const ONE_ROLE_APP = `
import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
const stack = new Stack(new App(), 'OneRole');
new Role(stack, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
`;

/** `cdk synth` of the kit's app beside that of the smallest app, started as the CDK starts an app by default. */
export async function measureSynth(recorder: Recorder, quick: boolean): Promise<void> {
  if (quick) {
    recorder.skip('synth', 'quick mode');
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'bidi-bench-synth-'));
  try {
    try {
      installTsNode(directory);
    } catch {
      recorder.skip('synth', 'ts-node could not be installed');
      return;
    }
    const kit: number[] = [];
    const oneRole: number[] = [];
    // The first round fills the file system's cache.
    for (let round = -1; round < 3; round += 1) {
      const times = [
        synth(ROOT, 'node --require esbuild-register bin/app.ts', join(directory, 'kit.out')),
        synth(directory, 'npx --no-install ts-node --prefer-ts-exts app.ts', join(directory, 'role.out')),
      ] as const;
      if (round < 0) continue;
      kit.push(times[0]);
      oneRole.push(times[1]);
    }
    recorder.measure('synth', KIT, 's', 'lower', kit);
    recorder.measure('synth', DEFAULT, 's', 'lower', oneRole);
    const ratio = recorder.measure('synth/ratio', `${KIT} to ${DEFAULT}`, '×', 'lower', ratios(kit, oneRole));
    recorder.goal('cdk synth of both stacks, to a one-role app under ts-node', '×', 'lower', ratio, 0.6);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function installTsNode(directory: string): void {
  writeFileSync(join(directory, 'package.json'), '{"private":true}');
  writeFileSync(join(directory, 'app.ts'), ONE_ROLE_APP);
  const compilerOptions = { target: 'ES2022', module: 'commonjs', strict: true, skipLibCheck: false, types: ['node'] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['app.ts'] }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', 'ts-node@10', 'typescript@5.9', '@types/node@20'], {
    cwd: directory,
    stdio: 'pipe',
    timeout: 120_000,
  });
  for (const name of ['aws-cdk-lib', 'constructs']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
}

function synth(directory: string, app: string, output: string): number {
  const startedAt = performance.now();
  execFileSync(
    process.execPath,
    [join(ROOT, 'node_modules/aws-cdk/bin/cdk'), 'synth', '--quiet', '--app', app, '--output', output, ...CONTEXT],
    {
      cwd: directory,
      stdio: 'pipe',
      timeout: 120_000,
    },
  );
  return (performance.now() - startedAt) / 1000;
}

/** Without it DeepgramStack cannot be synthesized. The account is nobody's. */
const CONTEXT = ['--context', 'modelPackageArn=arn:aws:sagemaker:us-east-1:123456789012:model-package/example'];

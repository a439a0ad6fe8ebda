import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cdk } from '../acceptance/cdk';
import { type AccountAddress, Deployed } from '../acceptance/deployed';
import { copySourceTree } from '../acceptance/source-tree';
import type { Scorecard } from '../interop/scorecard';
import { type Emulator, startEmulator } from './emulator';
import { type ImageBuilder, imageBuilder, makeBaseImage } from './image-builder';
import { type Registry, startRegistry } from './registry';
import { ACCOUNT, REGION } from './rehearsal-account';

/** Programs and places that an emulated account works with. */
export interface EmulatedAccountTools {
  /** Directory of the Python executables. */
  readonly python: string;
  readonly buildah: string;
  readonly registry: string;
  /** Directory of this run. */
  readonly directory: string;
}

/** An account of AWS as far as one machine has it: an emulator for the APIs, a registry for ECR, and buildah in the place of Docker. */
export interface EmulatedAccount {
  readonly emulator: Emulator;
  readonly registry: Registry;
  readonly builder: ImageBuilder;
  readonly directory: string;
  /** Root of a copy of the source tree. */
  readonly source: string;
  readonly deployed: Deployed;
}

/** Starts an account and bootstraps it. Resolves with nothing when a check of that failed. */
export async function startAccount(
  { python, buildah, registry: program, directory }: EmulatedAccountTools,
  scorecard: Scorecard,
): Promise<EmulatedAccount | undefined> {
  const registry = await startRegistry(program, directory);
  const emulator = await startEmulator(python, registry.url, directory);
  const builder = imageBuilder(buildah, registry, directory);
  const source = copySourceTree(directory);
  const account = { emulator, registry, builder, directory, source, deployed: new Deployed(addressOf(emulator)) };
  const base = await scorecard.check("a base image of this machine's Node.js is made", () =>
    makeBaseImage(builder, directory),
  );
  if (!base) return undefined;
  const isBootstrapped = await scorecard.check('cdk bootstrap', async () => {
    await cdkOf(account).bootstrap(`aws://${ACCOUNT}/${REGION}`);
    return true;
  });
  return isBootstrapped ? account : undefined;
}

/** The CDK CLI and `bidi` for an account. @param environment is added to what points at the emulator */
export function cdkOf(
  { emulator, builder, directory, source }: Omit<EmulatedAccount, 'deployed'>,
  environment: () => Readonly<Record<string, string>> = () => ({}),
): Cdk {
  return new Cdk({
    root: source,
    directory,
    environment: () => ({ ...emulator.environment, ...builder.environment, ...environment() }),
    timeoutMs: 300_000,
    isShown: false,
  });
}

/** How the AWS SDK reaches the emulator. */
export function addressOf({ url, environment }: Emulator): AccountAddress {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = environment;
  return {
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! },
  };
}

/** Writes down how another process of this machine reaches the account, as long as this one lives. @returns the file */
export function shareAccount({ deployed: _, ...account }: EmulatedAccount): string {
  const file = join(account.directory, 'account.json');
  writeFileSync(file, JSON.stringify(account));
  return file;
}

/** The account of {@link shareAccount}. */
export function attachAccount(file: string): EmulatedAccount {
  const account = JSON.parse(readFileSync(file, 'utf8')) as Omit<EmulatedAccount, 'deployed'>;
  return { ...account, deployed: new Deployed(addressOf(account.emulator)) };
}

import { join } from 'node:path';
import { answers, freePort, start } from '../interop/processes';
import { pythonEnvironment } from '../interop/tools/python';
import { ACCOUNT, REGION } from './rehearsal-account';

const DIRECTORY = join(__dirname, 'emulator');

/** The Python programs that a rehearsal runs. @returns their directory of executables */
export function rehearsalPython(): Promise<string> {
  return pythonEnvironment('rehearsal', { from: '3.11', to: '3.14' }, join(DIRECTORY, 'requirements.txt'));
}

/** An AWS that exists for one rehearsal. */
export interface Emulator {
  readonly url: string;
  /** What points the AWS SDKs and the CDK CLI at it, with credentials that mean nothing anywhere. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts moto's server with what the rehearsal needs beyond it. Resolves when it answers. */
export async function startEmulator(python: string, registryUrl: string, directory: string): Promise<Emulator> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(directory, 'emulator.log');
  const server = start(join(python, 'python'), ['-B', join(DIRECTORY, 'server.py'), String(port)], log, {
    env: {
      AWS_REGION: REGION,
      REHEARSAL_ACCOUNT: ACCOUNT,
      REHEARSAL_EMULATOR_URL: url,
      REHEARSAL_REGISTRY_URL: registryUrl,
    },
  });
  await answers(`${url}/moto-api/data.json`, server, log);
  return {
    url,
    environment: {
      AWS_ENDPOINT_URL: url,
      // The emulator reads the template from its own S3 and finds the bucket's name in an address of AWS's shape only.
      AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: `https://s3.${REGION}.amazonaws.com`,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'AKIAREHEARSAL0000000',
      AWS_SECRET_ACCESS_KEY: 'rehearsal-not-a-secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
    },
  };
}

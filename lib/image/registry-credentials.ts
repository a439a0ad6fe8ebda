import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A user name and password, or an identity token, for a registry. Never logged. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

interface DockerConfiguration {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

/** A helper that asks a person for something would wait for ever. */
const HELPER_TIMEOUT_MS = 10_000;

/**
 * The credentials that `docker login` left for a registry: in `config.json` (`DOCKER_CONFIG`, else `~/.docker`) itself or in the
 * credential helper that it names. `undefined` when there are none: a public image needs none.
 */
export async function dockerCredentials(registry: string): Promise<RegistryCredentials | undefined> {
  const path = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json');
  let configuration: DockerConfiguration;
  try {
    configuration = JSON.parse(await readFile(path, 'utf8')) as DockerConfiguration;
  } catch {
    return undefined;
  }
  const names =
    registry === 'docker.io' ? ['https://index.docker.io/v1/', 'docker.io'] : [registry, `https://${registry}`];
  for (const name of names) {
    const helper = configuration.credHelpers?.[name] ?? configuration.credsStore;
    const fromHelper = helper ? await askHelper(helper, name) : undefined;
    if (fromHelper) return fromHelper;
    const auth = configuration.auths?.[name]?.auth;
    if (!auth) continue;
    const [username = '', ...password] = Buffer.from(auth, 'base64').toString('utf8').split(':');
    return { username, password: password.join(':') };
  }
  return undefined;
}

/** The protocol of github.com/docker/docker-credential-helpers: the registry on stdin, JSON on stdout. */
function askHelper(helper: string, registry: string): Promise<RegistryCredentials | undefined> {
  return new Promise(resolve => {
    const child = execFile(`docker-credential-${helper}`, ['get'], { timeout: HELPER_TIMEOUT_MS }, (error, stdout) => {
      if (error) return resolve(undefined);
      try {
        const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string };
        resolve(Username && Secret ? { username: Username, password: Secret } : undefined);
      } catch {
        resolve(undefined);
      }
    });
    // A helper that is not there closes its stdin before anything is written.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(registry);
  });
}

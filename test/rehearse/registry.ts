import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, freePort, start } from '../interop/processes';

/** User and bcrypt hash of the password (`123456789012-auth-token`) that the emulator's ECR hands out: a push has to log in. */
const HTPASSWD = 'AWS:$2b$04$/5IQgYXbydGRwKHyVdID5eqnZgH7IDcRGYVbEmuw5PO6jq0utIKdG\n';

/** An OCI registry that stands in for ECR's data plane. */
export interface Registry {
  readonly url: string;
  /** Host and port, as in an image's name. */
  readonly host: string;
}

/** Starts Debian's docker-registry. Resolves when it answers. */
export async function startRegistry(program: string, directory: string): Promise<Registry> {
  const host = `127.0.0.1:${await freePort()}`;
  const log = join(directory, 'registry.log');
  const configuration = join(directory, 'registry.json');
  const htpasswd = join(directory, 'htpasswd');
  writeFileSync(htpasswd, HTPASSWD);
  writeFileSync(
    configuration, // JSON is YAML
    JSON.stringify({
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(directory, 'registry') } },
      http: { addr: host, secret: 'rehearsal' },
      auth: { htpasswd: { realm: 'ecr', path: htpasswd } },
    }),
  );
  const url = `http://${host}`;
  await answers(`${url}/v2/`, start(program, ['serve', configuration], log), log);
  return { url, host };
}

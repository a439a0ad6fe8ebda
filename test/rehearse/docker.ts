/**
 * The `docker` that the CDK CLI runs in a rehearsal, named to it by CDK_DOCKER: the same words, done by buildah without a daemon,
 * with the one registry host that stands for ECR in the place of the account's own.
 *
 * Environment: REHEARSAL_BUILDAH, REHEARSAL_ECR_HOST, REHEARSAL_REGISTRY_HOST, REHEARSAL_DOCKER_LOG.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const {
  REHEARSAL_BUILDAH = '',
  REHEARSAL_ECR_HOST = '',
  REHEARSAL_REGISTRY_HOST = '',
  REHEARSAL_DOCKER_LOG = '',
} = process.env;

function atRegistry(word: string): string {
  return word.replace(REHEARSAL_ECR_HOST, REHEARSAL_REGISTRY_HOST);
}

function buildahWords([command, ...words]: readonly string[]): string[] | undefined {
  const rest = words.map(atRegistry);
  switch (command) {
    case 'build':
      return ['build', '--format', 'docker', ...rest];
    case 'inspect':
      return ['inspect', '--type', 'image', ...rest];
    case 'login':
      return ['login', '--tls-verify=false', ...rest];
    case 'push':
      return ['push', '--tls-verify=false', '--format', 'v2s2', ...rest];
    case 'tag':
      return ['tag', ...rest];
    case 'images':
      return undefined; // asked for an image of another tag that may be reused: none is
    default:
      throw new Error(`The CDK CLI ran "docker ${command}", which this rehearsal does not know.`);
  }
}

function main(): number {
  const said = process.argv.slice(2);
  const words = said[0] === '--config' ? said.slice(2) : said;
  appendFileSync(REHEARSAL_DOCKER_LOG, `docker ${words.join(' ')}\n`);
  const translated = buildahWords(words);
  if (!translated) return 0;
  const { status, error } = spawnSync(REHEARSAL_BUILDAH, translated, { stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
}

process.exitCode = main();

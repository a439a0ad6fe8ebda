import { isIP } from 'node:net';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import type { ImageReference } from './image-reference';
import { DOCUMENT_LIMIT_BYTES, MANIFEST_MEDIA_TYPES, readOciImage, verifyDigest } from './oci-image';
import { dockerCredentials, type RegistryCredentials } from './registry-credentials';

/** How a registry is asked. */
export interface RegistryOptions {
  /**
   * Longest time of one request, in milliseconds.
   *
   * @default 30000
   */
  readonly timeoutMs?: number;
  /**
   * Gives the credentials for a registry host, or `undefined` for none.
   *
   * @default - what `docker login` stored
   */
  readonly credentials?: (registry: string) => Promise<RegistryCredentials | undefined>;
}

/** Docker Hub's API is on another host than its name (docs.docker.com/docker-hub). */
const DOCKER_HUB_API = 'registry-1.docker.io';

/**
 * Reads an image's manifest and configuration from a registry, without its layers.
 *
 * Source: OCI distribution specification 1.1 for the requests; "Token Authentication Specification" of the distribution
 * project for the tokens.
 *
 * @throws ImageError when the image is not there, access is denied, or the registry does not answer in time
 */
export async function readRegistryImage(
  reference: ImageReference,
  options: RegistryOptions = {},
): Promise<ContainerImage> {
  const client = new RegistryClient(reference, options);
  const root = await client.get(`manifests/${reference.digest ?? reference.tag}`, MANIFEST_MEDIA_TYPES.join(', '));
  if (reference.digest) verifyDigest(root.bytes, reference.digest, reference.text);
  return readOciImage(reference.text, root, {
    manifest: async ({ digest }) => (await client.get(`manifests/${digest}`, MANIFEST_MEDIA_TYPES.join(', '))).bytes,
    configuration: async ({ digest }) => (await client.get(`blobs/${digest}`, '*/*')).bytes,
  });
}

class RegistryClient {
  private readonly base: string;
  private readonly timeoutMs: number;
  private authorization: string | undefined;

  constructor(
    private readonly reference: ImageReference,
    private readonly options: RegistryOptions,
  ) {
    const host = reference.registry === 'docker.io' ? DOCKER_HUB_API : reference.registry;
    this.base = `${isLoopback(host) ? 'http' : 'https'}://${host}/v2/${reference.repository}/`;
    this.timeoutMs = options.timeoutMs ?? 30_000;
  }

  async get(path: string, accept: string): Promise<{ bytes: Buffer; mediaType?: string }> {
    let response = await this.fetch(this.base + path, { Accept: accept });
    if (response.status === 401) {
      await this.authorize(response.headers.get('www-authenticate') ?? '');
      response = await this.fetch(this.base + path, { Accept: accept });
    }
    if (!response.ok) throw this.refused(response.status, path);
    const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim();
    return { bytes: await boundedBody(response, this.reference.text), ...(mediaType ? { mediaType } : {}) };
  }

  /** Answers a challenge (RFC 9110, section 11): a token from the realm that it names, or the password itself. */
  private async authorize(challenge: string): Promise<void> {
    const credentials = await (this.options.credentials ?? dockerCredentials)(this.reference.registry);
    const basic = credentials
      ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
      : undefined;
    const bearer = /^Bearer\s+(.*)$/i.exec(challenge);
    if (!bearer) {
      if (!basic) throw this.refused(401, 'a login');
      this.authorization = basic;
      return;
    }
    const parameters = Object.fromEntries(
      [...bearer[1]!.matchAll(/(\w+)="([^"]*)"/g)].map(match => [match[1], match[2]]),
    );
    if (!parameters.realm || !URL.canParse(parameters.realm)) throw this.refused(401, 'a login');
    const realm = new URL(parameters.realm);
    if (realm.protocol !== 'https:' && !isLoopback(realm.host)) {
      throw new ImageError({
        what: `${this.reference.registry} asks for a login over plain HTTP, at ${realm.host}.`,
        why: 'A password would cross the network in the clear.',
        next: 'Use a registry whose token service is on HTTPS.',
      });
    }
    if (parameters.service) realm.searchParams.set('service', parameters.service);
    realm.searchParams.set('scope', parameters.scope ?? `repository:${this.reference.repository}:pull`);
    const response = await this.fetch(realm.href, basic ? { Authorization: basic } : {}, false);
    if (!response.ok) throw this.refused(response.status, 'a token');
    const { token, access_token } = JSON.parse((await boundedBody(response, this.reference.text)).toString('utf8')) as {
      token?: string;
      access_token?: string;
    };
    this.authorization = `Bearer ${token ?? access_token ?? ''}`;
  }

  private async fetch(url: string, headers: Record<string, string>, authorized = true): Promise<Response> {
    try {
      // `fetch` drops the authorization on a redirect to another origin, as blob storage needs it.
      return await fetch(url, {
        headers: { ...headers, ...(authorized && this.authorization ? { Authorization: this.authorization } : {}) },
        signal: AbortSignal.timeout(this.timeoutMs),
      });
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      throw new ImageError(
        {
          what: `${new URL(url).host} did not answer: ${cause?.code ?? cause?.message ?? (error as Error).name}.`,
          why: 'The registry is not reachable from here, or the name of the image begins with another host.',
          next: 'Check the name and the network, or check an archive: docker save --output image.tar IMAGE',
        },
        { cause: error },
      );
    }
  }

  private refused(status: number, what: string): ImageError {
    const explanation =
      status === 404
        ? { why: 'There is no such repository or tag, or it is private.', next: 'Check the name and the tag.' }
        : status === 429
          ? { why: 'The registry limits how often it is asked.', next: 'Log in, or wait and try again.' }
          : status >= 500
            ? { why: 'The registry has a fault of its own.', next: 'Try again in a minute.' }
            : {
                why: 'The image is private, or the login has expired.',
                next: `Run: docker login ${this.reference.registry}`,
              };
    return new ImageError({
      what: `${this.reference.registry} answered ${status} for ${this.reference.repository} (${what}).`,
      ...explanation,
    });
  }
}

async function boundedBody(response: Response, reference: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > DOCUMENT_LIMIT_BYTES) {
      throw new ImageError({
        what: `A document of ${reference} has more than ${DOCUMENT_LIMIT_BYTES} bytes.`,
        why: 'Manifests and configurations are smaller; something else answered.',
        next: 'Check the name of the image.',
      });
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** Registries on this machine speak plain HTTP, as every engine assumes. */
function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'));
}

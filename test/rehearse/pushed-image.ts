import type { Registry } from './registry';
import { ACCOUNT } from './rehearsal-account';

const ACCEPTED = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
];

/** An image as the registry holds it. */
export interface PushedImage {
  readonly mediaType: string;
  readonly layers: readonly unknown[];
  readonly architecture: string;
  readonly os: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly user: string;
}

/** Reads an image's manifest and configuration from the registry itself. */
export async function readPushedImage(registry: Registry, imageUri: string): Promise<PushedImage> {
  const [, repository, tag] = /^[^/]+\/([^:]+):(.+)$/.exec(imageUri) ?? [];
  const authorization = `Basic ${Buffer.from(`AWS:${ACCOUNT}-auth-token`).toString('base64')}`;
  const get = async (path: string) => {
    const response = await fetch(`${registry.url}/v2/${repository}/${path}`, {
      headers: { authorization, accept: ACCEPTED.join(', ') },
    });
    if (!response.ok) throw new Error(`The registry answered ${response.status} for ${repository}/${path}.`);
    return response.json();
  };
  const manifest = (await get(`manifests/${tag}`)) as {
    mediaType: string;
    layers: unknown[];
    config: { digest: string };
  };
  const { architecture, os, config } = (await get(`blobs/${manifest.config.digest}`)) as {
    architecture: string;
    os: string;
    config: { Labels?: Record<string, string>; Entrypoint?: string[]; User?: string };
  };
  return {
    mediaType: manifest.mediaType,
    layers: manifest.layers,
    architecture,
    os,
    labels: config.Labels ?? {},
    entrypoint: config.Entrypoint ?? [],
    user: config.User ?? '',
  };
}

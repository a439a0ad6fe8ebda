import { createHash } from 'node:crypto';
import { BIDIRECTIONAL_LABEL } from '../../lib/contract';
import type { Finding } from '../../lib/report/finding';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const GZIP_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface Configuration {
  Labels?: Record<string, string>;
  Entrypoint?: string[];
  User?: string;
  ExposedPorts?: Record<string, object>;
}

export const SOUND: Configuration = {
  Labels: { [BIDIRECTIONAL_LABEL]: 'true' },
  Entrypoint: ['python3', 'server.py'],
  ExposedPorts: { '8080/tcp': {} },
};

export interface Made {
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly root: { digest: string; mediaType: string; size: number };
  readonly configuration: string;
}

/** An image as a builder makes it: blobs by digest, and the descriptor of the outermost manifest. */
export function make(
  config: Configuration = SOUND,
  {
    architecture = 'amd64',
    layerBytes = [1_000],
    attested = false,
  }: { architecture?: string; layerBytes?: number[]; attested?: boolean } = {},
): Made {
  const blobs = new Map<string, Buffer>();
  const add = (document: object, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    blobs.set(digest, bytes);
    return { digest, mediaType, size: bytes.length };
  };
  const configuration = add({ architecture, os: 'linux', config }, 'application/vnd.oci.image.config.v1+json');
  const layers = layerBytes.map((size, index) => ({
    mediaType: GZIP_LAYER,
    digest: `sha256:${String(index).padStart(64, '0')}`,
    size,
  }));
  const manifest = add({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: configuration, layers }, OCI_MANIFEST);
  if (!attested) return { blobs, root: manifest, configuration: configuration.digest };
  const root = add(
    {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        { ...manifest, platform: { os: 'linux', architecture } },
        {
          ...manifest,
          platform: { os: 'unknown', architecture: 'unknown' },
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    },
    OCI_INDEX,
  );
  return { blobs, root, configuration: configuration.digest };
}

/** What is not passed or skipped, by the name of the check. */
export function caught(findings: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(
    findings
      .filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
      .map(({ name, verdict }) => [name, verdict]),
  );
}

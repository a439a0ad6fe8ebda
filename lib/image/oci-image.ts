import { createHash } from 'node:crypto';
import { IMAGE_PLATFORM } from '../contract';
import type { ContainerImage, ImageConfiguration } from './container-image';
import { ImageError } from './image-error';

/**
 * Media types of manifests that are asked for and understood: OCI image specification 1.1, "Media Types", and Docker's "Image
 * Manifest Version 2, Schema 2".
 */
export const MANIFEST_MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

/** Manifests and configurations are small; a larger one is not what it says (OCI distribution specification: at least 4 MiB). */
export const DOCUMENT_LIMIT_BYTES = 4 * 1024 * 1024;

/** A pointer to a manifest, configuration or layer (OCI image specification, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size?: number;
  readonly platform?: { readonly architecture?: string; readonly os?: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where manifests and configurations are fetched from by digest. */
export interface ImageStore {
  manifest(descriptor: Descriptor): Promise<Buffer>;
  configuration(descriptor: Descriptor): Promise<Buffer>;
}

interface Manifest {
  readonly mediaType?: string;
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/** The configuration document of an image, in the spelling that OCI and Docker share. */
export interface ConfigurationDocument {
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly User?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  };
}

/** Attestations stand in an index as entries of the platform unknown/unknown (BuildKit, "Image Attestation Storage"). */
const ATTESTATION_ANNOTATION = 'vnd.docker.reference.type';

/**
 * Reads an image from its outermost manifest inwards: through an index to the manifest of the platform, to its configuration.
 *
 * @throws ImageError when a document is missing, damaged or of another kind
 */
export async function readOciImage(
  reference: string,
  root: { readonly bytes: Buffer; readonly mediaType?: string },
  store: ImageStore,
): Promise<ContainerImage> {
  const outer = parseDocument<Manifest>(root.bytes, `manifest of ${reference}`);
  const mediaType = root.mediaType ?? outer.mediaType;
  let manifest = outer;
  let index: Pick<ContainerImage['manifest'], 'indexPlatforms' | 'attestations'> = {};
  if (outer.manifests) {
    const attestations = outer.manifests.filter(isAttestation);
    const images = outer.manifests.filter(entry => !isAttestation(entry));
    index = { indexPlatforms: images.map(platformOf), attestations: attestations.length };
    const chosen = images.find(entry => platformOf(entry) === IMAGE_PLATFORM) ?? images[0];
    if (!chosen) {
      throw new ImageError({
        what: `The index of ${reference} holds no image.`,
        why: 'All its entries are attestations, or it is empty.',
        next: 'Build and push the image again with --provenance=false.',
      });
    }
    const inner = await store.manifest(chosen);
    verifyDigest(inner, chosen.digest, reference);
    manifest = parseDocument<Manifest>(inner, `manifest ${chosen.digest}`);
  }
  if (!manifest.config || !manifest.layers) {
    throw new ImageError({
      what: `${reference} is no container image: its manifest names no configuration and layers.`,
      why: `Its media type is ${mediaType ?? 'not given'}; nested indexes, artifacts and schema 1 manifests are not images that SageMaker runs.`,
      next: 'Name the image itself, or push it again with a current builder.',
    });
  }
  const configurationBytes = await store.configuration(manifest.config);
  verifyDigest(configurationBytes, manifest.config.digest, reference);
  const layerBytes = manifest.layers.map(layer => layer.size ?? 0);
  return {
    reference,
    manifest: { ...(mediaType ? { mediaType } : {}), ...index },
    configuration: configurationOf(
      parseDocument<ConfigurationDocument>(configurationBytes, `configuration of ${reference}`),
    ),
    layerBytes,
    layerCount: layerBytes.length,
    totalBytes: layerBytes.reduce((sum, bytes) => sum + bytes, 0),
    compressed: manifest.layers.every(layer => /gzip|zstd/.test(layer.mediaType ?? '')),
  };
}

/** The fields of a configuration document that the contract asks about. */
export function configurationOf(document: ConfigurationDocument): ImageConfiguration {
  return {
    labels: document.config?.Labels ?? {},
    entrypoint: document.config?.Entrypoint ?? [],
    user: document.config?.User ?? '',
    exposedPorts: Object.keys(document.config?.ExposedPorts ?? {}),
    platform: `${document.os ?? 'unknown'}/${document.architecture ?? 'unknown'}`,
  };
}

/** @throws ImageError when the bytes are not a JSON object */
export function parseDocument<T extends object>(bytes: Buffer, what: string): T {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed as T;
  } catch {
    // Told below, in the same words as JSON of another kind.
  }
  throw new ImageError({
    what: `The ${what} is not a JSON object.`,
    why: 'The file is damaged, or something else answered in its place (a proxy, a login page).',
    next: 'Pull or save the image again.',
  });
}

/** @throws ImageError when the content is not what its digest promises */
export function verifyDigest(bytes: Buffer, digest: string, reference: string): void {
  const [algorithm = '', expected] = digest.split(':');
  if (!['sha256', 'sha512'].includes(algorithm)) return;
  const actual = createHash(algorithm).update(bytes).digest('hex');
  if (actual === expected) return;
  throw new ImageError({
    what: `A document of ${reference} does not match its digest ${digest}; its content hashes to ${algorithm}:${actual}.`,
    why: 'It was changed or cut short after it was pushed or saved.',
    next: 'Pull or save the image again.',
  });
}

function isAttestation(entry: Descriptor): boolean {
  return (
    entry.annotations?.[ATTESTATION_ANNOTATION] === 'attestation-manifest' || entry.platform?.architecture === 'unknown'
  );
}

function platformOf(entry: Descriptor): string {
  return `${entry.platform?.os ?? 'unknown'}/${entry.platform?.architecture ?? 'unknown'}`;
}

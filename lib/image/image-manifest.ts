import { createHash } from 'node:crypto';
import { IMAGE_PLATFORM } from '../contract';
import type { ContainerImage, ImageConfiguration } from './container-image';
import { ImageError } from './image-error';
import { isRecord, type JsonRecord, recordOf, textOf, textValues } from './json-shape';

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

/** Most entries of an index and most layers of a manifest that are read. Images have at most some 127 layers. */
const ENTRY_LIMIT = 1_000;

/** A digest as it is accepted: an algorithm that can be verified, and as many hexadecimal digits as it has. */
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** A pointer to a manifest, configuration or layer (OCI image specification, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture?: string; readonly os?: string };
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

/** Attestations stand in an index as entries of the platform unknown/unknown (BuildKit, "Image Attestation Storage"). */
const ATTESTATION_ANNOTATION = 'vnd.docker.reference.type';

/**
 * Reads an image from its outermost manifest inwards: through an index to the manifest of the platform, to its configuration.
 *
 * @throws ImageError when a document is missing, damaged or of another kind
 */
export async function readImageManifest(
  reference: string,
  root: { readonly bytes: Buffer; readonly mediaType?: string },
  store: ImageStore,
): Promise<ContainerImage> {
  const outer = parseManifest(root.bytes, `manifest of ${reference}`);
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
    manifest = parseManifest(inner, `manifest ${chosen.digest}`);
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
  const layerBytes = manifest.layers.map(layer => layer.size);
  return {
    reference,
    manifest: { ...(mediaType ? { mediaType } : {}), ...index },
    configuration: parseConfiguration(configurationBytes, `configuration of ${reference}`),
    layerBytes,
    layerCount: layerBytes.length,
    totalBytes: layerBytes.reduce((sum, bytes) => sum + bytes, 0),
    compressed: manifest.layers.every(layer => /gzip|zstd/.test(layer.mediaType ?? '')),
  };
}

/** A manifest or an index, with the shape of every field that is read checked. */
function parseManifest(bytes: Buffer, name: string): Manifest {
  const document = parseDocument(bytes, name);
  const { mediaType, manifests, config, layers } = document;
  return {
    ...(typeof mediaType === 'string' ? { mediaType } : {}),
    ...(manifests === undefined ? {} : { manifests: parseDescriptors(manifests, name) }),
    ...(config === undefined ? {} : { config: parseDescriptor(config, name) }),
    ...(layers === undefined ? {} : { layers: parseDescriptors(layers, name) }),
  };
}

function parseDescriptors(value: unknown, name: string): Descriptor[] {
  if (!Array.isArray(value) || value.length > ENTRY_LIMIT) {
    throw damaged(`The ${name} does not hold a list of at most ${ENTRY_LIMIT} entries where the format has one.`);
  }
  return value.map(entry => parseDescriptor(entry, name));
}

function parseDescriptor(value: unknown, name: string): Descriptor {
  const { mediaType, digest, size, platform, annotations } = recordOf(value);
  if (typeof digest !== 'string' || !DIGEST.test(digest)) {
    throw damaged(`The ${name} names a document by a text that is no sha256 or sha512 digest.`);
  }
  const { architecture, os } = recordOf(platform);
  return {
    ...(typeof mediaType === 'string' ? { mediaType } : {}),
    digest,
    size: typeof size === 'number' && size >= 0 ? size : 0,
    ...(typeof architecture === 'string' || typeof os === 'string'
      ? { platform: { architecture: String(architecture), os: String(os) } }
      : {}),
    annotations: textValues(annotations),
  };
}

/**
 * The fields of a configuration document that the contract asks about.
 *
 * @throws ImageError when it is no configuration of an image
 */
function parseConfiguration(bytes: Buffer, name: string): ImageConfiguration {
  return configurationOf(parseDocument(bytes, name), name);
}

/**
 * The same of a document that is parsed already, in the spelling that OCI, Docker and `image inspect` share.
 *
 * @throws ImageError when the entry point is not a list of words.
 */
export function configurationOf(document: JsonRecord, name: string): ImageConfiguration {
  const config = recordOf(document.config);
  const entrypoint = config.Entrypoint ?? [];
  if (!Array.isArray(entrypoint) || !entrypoint.every(word => typeof word === 'string')) {
    throw damaged(`The entry point in the ${name} is not a list of words.`);
  }
  return {
    labels: textValues(config.Labels),
    entrypoint,
    user: textOf(config.User) ?? '',
    exposedPorts: Object.keys(recordOf(config.ExposedPorts)),
    platform: `${textOf(document.os) ?? 'unknown'}/${textOf(document.architecture) ?? 'unknown'}`,
  };
}

/** @throws ImageError when the bytes are not a JSON object */
function parseDocument(bytes: Buffer, name: string): JsonRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Reported below, in the same words as JSON of another kind.
  }
  if (isRecord(parsed)) return parsed;
  throw damaged(`The ${name} is not a JSON object.`);
}

function damaged(what: string): ImageError {
  return new ImageError({
    what,
    why: 'The document is damaged, or another server answered, such as a proxy or a login page.',
    next: 'Build and push the image again.',
  });
}

/** @throws ImageError when the content is not what its digest promises */
function verifyDigest(bytes: Buffer, digest: string, reference: string): void {
  const [algorithm = '', expected] = digest.split(':');
  const actual = createHash(algorithm).update(bytes).digest('hex');
  if (actual === expected) return;
  throw new ImageError({
    what: `A document of ${reference} does not match its digest ${digest}; its content hashes to ${algorithm}:${actual}.`,
    why: 'It was changed or cut short after it was pushed.',
    next: 'Push the image again.',
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

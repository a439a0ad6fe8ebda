import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import { configurationOf, DOCUMENT_LIMIT_BYTES, parseDocument } from './oci-image';
import { OCI_LAYOUT_FILE, readOciLayout } from './oci-layout';

const GZIP_MAGIC = [0x1f, 0x8b];

/** What an archive holds, read in one pass: documents with their bytes, everything else with its size. */
interface ArchiveContent {
  readonly documents: ReadonlyMap<string, Buffer>;
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Reads the image of an archive: OCI (`buildx --output type=oci`, `podman save --format oci-archive`) or Docker (`docker
 * save`), plain or gzip-compressed. Layers stream past; only documents are kept.
 *
 * @throws ImageError when it is no archive of an image
 */
export async function readImageArchive(path: string): Promise<ContainerImage> {
  const { documents, sizes } = await readArchive(path);
  if (documents.has(OCI_LAYOUT_FILE)) return readOciLayout(path, async name => documents.get(name));
  const manifest = documents.get('manifest.json');
  if (!manifest) {
    throw new ImageError({
      what: `${path} holds no image: neither ${OCI_LAYOUT_FILE} nor manifest.json is in it.`,
      why: 'It may be an archive of files, such as a build context or the output of `docker export`.',
      next: 'Save the image with: docker save --output image.tar IMAGE',
    });
  }
  return readDockerArchive(path, manifest, documents, sizes);
}

/** Docker's archive: `manifest.json` names configuration and uncompressed layers (moby, "Image Specification v1.2"). */
function readDockerArchive(
  path: string,
  manifest: Buffer,
  documents: ReadonlyMap<string, Buffer>,
  sizes: ReadonlyMap<string, number>,
): ContainerImage {
  const images = parseDocument<{ Config?: string; Layers?: string[]; RepoTags?: string[] | null }[]>(
    manifest,
    `manifest.json of ${path}`,
  );
  const [image] = images;
  if (images.length !== 1 || !image?.Config) {
    throw new ImageError({
      what: `${path} holds ${images.length} images.`,
      why: 'Only one can be checked at a time.',
      next: 'Save one image: docker save --output image.tar IMAGE',
    });
  }
  const configuration = documents.get(posix.normalize(image.Config));
  if (!configuration) {
    throw new ImageError({
      what: `${path} does not hold the configuration ${image.Config} that its manifest.json names.`,
      why: 'The archive was cut short.',
      next: 'Save the image again: docker save --output image.tar IMAGE',
    });
  }
  const layerBytes = (image.Layers ?? []).map(layer => sizes.get(posix.normalize(layer)) ?? 0);
  return {
    reference: image.RepoTags?.[0] ?? path,
    manifest: {},
    configuration: configurationOf(parseDocument(configuration, `configuration of ${path}`)),
    layerBytes,
    layerCount: layerBytes.length,
    totalBytes: layerBytes.reduce((sum, bytes) => sum + bytes, 0),
    compressed: false,
  };
}

async function readArchive(path: string): Promise<ArchiveContent> {
  const documents = new Map<string, Buffer>();
  const sizes = new Map<string, number>();
  const archive = extract();
  archive.on('entry', (header, stream, next) => {
    const name = posix.normalize(header.name);
    sizes.set(name, header.size ?? 0);
    const chunks: Buffer[] = [];
    const keep = header.type === 'file' && (header.size ?? 0) <= DOCUMENT_LIMIT_BYTES;
    let isDocument = keep;
    stream.on('data', data => {
      const chunk = data as Buffer;
      // A document is JSON; small layers are not kept.
      if (isDocument && chunks.length === 0 && chunk[0] !== 0x7b && chunk[0] !== 0x5b) isDocument = false;
      if (isDocument) chunks.push(chunk);
    });
    stream.on('end', () => {
      if (isDocument) documents.set(name, Buffer.concat(chunks));
      next();
    });
    stream.on('error', next);
  });
  try {
    const source = createReadStream(path);
    if (await isGzip(path)) await pipeline(source, createGunzip(), archive);
    else await pipeline(source, archive);
  } catch (error) {
    throw new ImageError(
      {
        what: `${path} cannot be read as a tar archive: ${(error as Error).message}.`,
        why: 'It is not a tar or gzip file, or it was cut short.',
        next: 'Save the image again: docker save --output image.tar IMAGE',
      },
      { cause: error },
    );
  }
  return { documents, sizes };
}

async function isGzip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 1 })) {
    return (chunk as Buffer).equals(Buffer.from(GZIP_MAGIC));
  }
  return false;
}

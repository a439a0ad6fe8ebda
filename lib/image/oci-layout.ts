import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import { type Descriptor, DOCUMENT_LIMIT_BYTES, parseDocument, readOciImage, verifyDigest } from './oci-image';

/** Name of the file that makes a directory an OCI layout (OCI image specification, "Image Layout"). */
export const OCI_LAYOUT_FILE = 'oci-layout';

/** Reads a file of a layout by its path inside the layout, or gives `undefined` when it is not there. */
export type LayoutFile = (path: string) => Promise<Buffer | undefined>;

/**
 * Reads the image of an OCI layout directory.
 *
 * @throws ImageError when the layout holds no image or several that are not one index
 */
export function readOciLayoutDirectory(directory: string): Promise<ContainerImage> {
  return readOciLayout(directory, path => readSmallFile(join(directory, path)));
}

/** Reads the image of an OCI layout, be it a directory or an archive. */
export async function readOciLayout(reference: string, file: LayoutFile): Promise<ContainerImage> {
  const indexBytes = await file('index.json');
  if (!indexBytes) throw missing(reference, 'index.json');
  const entries = parseDocument<{ manifests?: Descriptor[] }>(indexBytes, `index.json of ${reference}`).manifests ?? [];
  const blob = async (descriptor: Descriptor): Promise<Buffer> => {
    const path = `blobs/${descriptor.digest.replace(':', '/')}`;
    const bytes = await file(path);
    if (!bytes) throw missing(reference, path);
    return bytes;
  };
  const store = { manifest: blob, configuration: blob };
  const [only] = entries;
  if (!only) throw missing(reference, 'an image in index.json');
  if (entries.length > 1) {
    // `docker save` of an image with attestations, or of several platforms, lists them here without an index of their own.
    return readOciImage(reference, { bytes: indexBytes, mediaType: 'application/vnd.oci.image.index.v1+json' }, store);
  }
  const bytes = await blob(only);
  verifyDigest(bytes, only.digest, reference);
  return readOciImage(reference, { bytes, ...(only.mediaType ? { mediaType: only.mediaType } : {}) }, store);
}

async function readSmallFile(path: string): Promise<Buffer | undefined> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > DOCUMENT_LIMIT_BYTES) {
      throw new ImageError({
        what: `${path} has ${size} bytes; a manifest or configuration has at most ${DOCUMENT_LIMIT_BYTES}.`,
        why: 'The layout names a layer where a document belongs.',
        next: 'Save the image again.',
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function missing(reference: string, what: string): ImageError {
  return new ImageError({
    what: `${reference} does not hold ${what}.`,
    why: 'The layout is incomplete, or the archive was cut short.',
    next: 'Save the image again, for example with: docker buildx build --provenance=false --output type=oci,dest=image.tar .',
  });
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import { configurationOf } from './image-manifest';
import { isRecord, type JsonRecord, recordOf, textOf } from './json-shape';

const run = promisify(execFile);

/** Programs that keep images on this machine and know `image inspect`, in the order in which they are tried. */
const ENGINES = ['docker', 'podman', 'finch', 'nerdctl'] as const;

/** An engine whose daemon is starting or gone may never answer. */
const INSPECT_TIMEOUT_MS = 20_000;

/**
 * Reads an image that a container engine on this machine keeps, or gives `undefined` when no engine has it.
 *
 * @param engines command lines to try
 * @throws ImageError when an engine answers something that is not an inspected image
 */
export async function readEngineImage(
  reference: string,
  engines: readonly string[] = ENGINES,
): Promise<ContainerImage | undefined> {
  for (const engine of engines) {
    const inspected = await inspect(engine, reference);
    if (inspected) return inspected;
  }
  return undefined;
}

async function inspect(engine: string, reference: string): Promise<ContainerImage | undefined> {
  let output: string;
  try {
    ({ stdout: output } = await run(engine, ['image', 'inspect', reference], {
      timeout: INSPECT_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    }));
  } catch {
    // Not installed, not running, or no such image: the next engine or the registry may have it.
    return undefined;
  }
  const image = parseInspected(output, `${engine} image inspect ${reference}`);
  if (!image) return undefined;
  // The entries of an index are not part of the output; the check needs only the fact that it is one.
  const mediaType = textOf(recordOf(image.Descriptor).mediaType);
  const isIndex = mediaType !== undefined && /index|manifest\.list/.test(mediaType);
  const layers = recordOf(image.RootFS).Layers;
  return {
    reference,
    manifest: { ...(mediaType ? { mediaType } : {}), ...(isIndex ? { indexPlatforms: [] } : {}) },
    configuration: configurationOf(
      { architecture: image.Architecture, os: image.Os, config: image.Config },
      `output of ${engine} image inspect ${reference}`,
    ),
    layerCount: Array.isArray(layers) ? layers.length : 0,
    totalBytes: typeof image.Size === 'number' ? image.Size : 0,
    compressed: false,
  };
}

/** The one image of the output, or `undefined` where its list is empty. */
function parseInspected(output: string, command: string): JsonRecord | undefined {
  let parsed: unknown;
  let cause: unknown;
  try {
    parsed = JSON.parse(output);
  } catch (error) {
    cause = error;
  }
  if (Array.isArray(parsed)) {
    const [image] = parsed as readonly unknown[];
    if (image === undefined) return undefined;
    if (isRecord(image)) return image;
  }
  throw new ImageError(
    {
      what: `${command} did not print a JSON list of images.`,
      why: 'Another program may answer under that name.',
      next: `Run it yourself: ${command}`,
    },
    { cause },
  );
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import { type ConfigurationDocument, configurationOf } from './oci-image';

const run = promisify(execFile);

/** Programs that keep images on this machine and know `image inspect`, in the order in which they are tried. */
const ENGINES = ['docker', 'podman', 'finch', 'nerdctl'] as const;

/** An engine whose daemon is starting or gone may never answer. */
const INSPECT_TIMEOUT_MS = 20_000;

interface InspectedImage {
  readonly Architecture?: string;
  readonly Os?: string;
  readonly Size?: number;
  readonly Config?: ConfigurationDocument['config'];
  readonly RootFS?: { readonly Layers?: readonly string[] | null };
  /** Of engines on containerd: the outermost manifest. */
  readonly Descriptor?: { readonly mediaType?: string };
}

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
  let image: InspectedImage | undefined;
  try {
    [image] = JSON.parse(output) as InspectedImage[];
  } catch (error) {
    throw new ImageError(
      {
        what: `${engine} image inspect ${reference} did not print JSON.`,
        why: 'Another program may answer under that name.',
        next: `Run it yourself: ${engine} image inspect ${reference}`,
      },
      { cause: error },
    );
  }
  if (!image) return undefined;
  const mediaType = image.Descriptor?.mediaType;
  const isIndex = mediaType !== undefined && /index|manifest\.list/.test(mediaType);
  return {
    reference,
    // What the index holds is not told by `inspect`; that it is one is what matters.
    manifest: { ...(mediaType ? { mediaType } : {}), ...(isIndex ? { indexPlatforms: [] } : {}) },
    configuration: configurationOf({
      ...(image.Architecture ? { architecture: image.Architecture } : {}),
      ...(image.Os ? { os: image.Os } : {}),
      ...(image.Config ? { config: image.Config } : {}),
    }),
    layerCount: image.RootFS?.Layers?.length ?? 0,
    totalBytes: image.Size ?? 0,
    compressed: false,
  };
}

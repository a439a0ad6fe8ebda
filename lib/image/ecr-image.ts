import { BatchGetImageCommand, ECRClient, GetDownloadUrlForLayerCommand, type Image } from '@aws-sdk/client-ecr';
import type { EcrRegistry } from '../contract';
import type { ContainerImage } from './container-image';
import { ImageError } from './image-error';
import { DOCUMENT_LIMIT_BYTES, MANIFEST_MEDIA_TYPES, readImageManifest } from './image-manifest';
import type { ImageReference } from './image-reference';

/** How an image is read from ECR. */
export interface EcrOptions {
  /**
   * Client of the registry's region.
   *
   * @default - a client with the credentials of the environment
   */
  readonly client?: ECRClient;
  /**
   * Longest time of one request, in milliseconds.
   *
   * @default 30000
   */
  readonly timeoutMs?: number;
}

/**
 * Reads an image's manifest and configuration from Amazon ECR, without its layers and without `docker login`.
 * Needs `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` on the repository.
 *
 * @throws ImageError when the image is not there, access is denied, or ECR does not answer in time
 */
export async function readEcrImage(
  reference: ImageReference,
  registry: EcrRegistry,
  options: EcrOptions = {},
): Promise<ContainerImage> {
  const client = options.client ?? new ECRClient({ region: registry.region });
  const timeoutMs = options.timeoutMs ?? 30_000;
  const repository = { registryId: registry.registryId, repositoryName: reference.repository };

  const image = async (imageId: { imageDigest?: string; imageTag?: string }): Promise<Image> => {
    const { images, failures } = await client.send(
      new BatchGetImageCommand({ ...repository, imageIds: [imageId], acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES] }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    if (images?.[0]?.imageManifest) return images[0];
    throw new ImageError({
      what: `ECR holds no image ${reference.text}: ${failures?.[0]?.failureCode ?? 'ImageNotFound'}.`,
      why: 'It was never pushed there, a lifecycle rule expired it, or the tag is spelled otherwise.',
      next: `Run: aws ecr list-images --region ${registry.region} --repository-name ${reference.repository}`,
    });
  };

  try {
    const root = await image(
      reference.digest ? { imageDigest: reference.digest } : { imageTag: reference.tag ?? 'latest' },
    );
    return await readImageManifest(
      reference.text,
      {
        bytes: Buffer.from(root.imageManifest ?? ''),
        ...(root.imageManifestMediaType ? { mediaType: root.imageManifestMediaType } : {}),
      },
      {
        manifest: async ({ digest }) => Buffer.from((await image({ imageDigest: digest })).imageManifest ?? ''),
        configuration: async ({ digest }) => {
          const { downloadUrl } = await client.send(
            new GetDownloadUrlForLayerCommand({ ...repository, layerDigest: digest }),
            { abortSignal: AbortSignal.timeout(timeoutMs) },
          );
          const response = await fetch(downloadUrl ?? '', { signal: AbortSignal.timeout(timeoutMs) });
          if (!response.ok) {
            throw new ImageError({
              what: `The configuration of ${reference.text} could not be downloaded: HTTP ${response.status}.`,
              why: 'ECR gives a link to Amazon S3; a proxy, or the policy of a VPC endpoint, may refuse it.',
              next: `Allow s3:GetObject on the bucket prod-${registry.region}-starport-layer-bucket, or try from another network.`,
            });
          }
          return readBody(response, reference.text);
        },
      },
    );
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const { name, message } = error as Error;
    throw new ImageError(
      {
        what: `ECR did not give ${reference.text}: ${name}: ${message.replace(/https?:\S+/g, '(URL)')}`,
        why:
          name === 'AccessDeniedException'
            ? 'The credentials may not read the repository.'
            : 'There are no valid credentials, the repository does not exist, or ECR is not reachable from here.',
        next: `Allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on ${reference.repository}, and try: aws sts get-caller-identity`,
      },
      { cause: error },
    );
  } finally {
    if (!options.client) client.destroy();
  }
}

/** @throws ImageError when the body is longer than any configuration */
async function readBody(response: Response, reference: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > DOCUMENT_LIMIT_BYTES) {
      throw new ImageError({
        what: `The configuration of ${reference} has more than ${DOCUMENT_LIMIT_BYTES} bytes.`,
        why: 'Configurations are smaller; another server, such as a proxy, answered.',
        next: 'Try from another network, without a proxy.',
      });
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

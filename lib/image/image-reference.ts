import { ImageError } from './image-error';

/** An image's name, taken apart. */
export interface ImageReference {
  /** As it was given. */
  readonly text: string;
  /** Registry host with its port, such as `public.ecr.aws` or `localhost:5000`. */
  readonly registry: string;
  /** Repository without the registry, such as `library/node`. */
  readonly repository: string;
  /** Tag; absent when only a digest was given. */
  readonly tag?: string;
  /** Digest, such as `sha256:…`. It wins over the tag. */
  readonly digest?: string;
}

const REFERENCE =
  /^(?:((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d+)?|[A-Za-z0-9-]+:\d+|localhost)\/)?([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-f]{32,}))?$/;

/**
 * Takes an image's name apart, as `docker pull` would: Docker Hub and `latest` are the defaults.
 *
 * @throws ImageError when it is no name of an image
 */
export function parseImageReference(text: string): ImageReference {
  const match = REFERENCE.exec(text);
  if (!match) {
    throw new ImageError({
      what: `"${text}" is no name of an image.`,
      why: 'A name is [registry/]repository[:tag][@digest], the repository in lower case.',
      next: 'Name an image such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:latest, a directory or an archive.',
    });
  }
  const [, registry = 'docker.io', path = '', tag, digest] = match;
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return {
    text,
    registry,
    repository,
    ...(tag ? { tag } : digest ? {} : { tag: 'latest' }),
    ...(digest ? { digest } : {}),
  };
}

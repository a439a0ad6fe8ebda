import { BIDIRECTIONAL_LABEL, BIND_TO_PORT_LABEL, IMAGE_PLATFORM } from '../contract';
import { type Finding, fail, finding, type Observation, pass, skip, warn } from '../report/finding';
import type { ContainerImage } from './container-image';
import {
  entrypointObservation,
  execFormObservation,
  ImageRule,
  labelObservation,
  portObservation,
  SINGLE_MANIFEST_BUILD,
  serveObservation,
  tiniObservation,
  userObservation,
} from './image-rules';

/**
 * Size as downloaded, in bytes, from which a cold start gets a remark. The kit's own line, not a limit of the platform: at the
 * 100 MB/s or so of a registry pull it is about a minute and a half of every scale-out.
 */
const LARGE_IMAGE_BYTES = 10_000_000_000;

/** Overlay file systems of container engines mount at most 128 lower directories. The kit's own line stays well below. */
const MANY_LAYERS = 100;

/** Checks an image's manifest and configuration against the platform's contract. */
export function checkImage(image: ContainerImage): Finding[] {
  const { labels, entrypoint, user, exposedPorts, platform } = image.configuration;
  return [
    finding(ImageRule.LABEL, labelObservation(labels[BIDIRECTIONAL_LABEL])),
    finding(ImageRule.ENTRYPOINT_PRESENT, entrypointObservation(entrypoint.length > 0)),
    finding(ImageRule.ENTRYPOINT_EXEC_FORM, execFormObservation(entrypoint)),
    finding(ImageRule.ENTRYPOINT_TAKES_SERVE, serveObservation(entrypoint)),
    finding(ImageRule.ENTRYPOINT_NOT_TINI, tiniObservation(entrypoint[0])),
    finding(ImageRule.USER, userObservation(user)),
    finding(ImageRule.PORT, portObservation(exposedPorts, labels[BIND_TO_PORT_LABEL])),
    finding(
      ImageRule.PLATFORM,
      platform === IMAGE_PLATFORM
        ? pass(`it is for ${platform}`)
        : fail(`it is for ${platform}`, `Build it with: docker buildx build --platform ${IMAGE_PLATFORM} .`),
    ),
    finding(ImageRule.SINGLE_MANIFEST, manifestObservation(image)),
    finding(ImageRule.SIZE, sizeObservation(image)),
  ];
}

function manifestObservation({ manifest }: ContainerImage): Observation {
  const { indexPlatforms, attestations, mediaType } = manifest;
  if (!indexPlatforms) {
    return mediaType
      ? pass(`one manifest, ${mediaType.replace('application/', '')}`)
      : skip(
          'an image on this machine does not show how it will be pushed',
          `${SINGLE_MANIFEST_BUILD} Then check the pushed image.`,
        );
  }
  const entries = [
    ...indexPlatforms,
    ...(attestations ? [`${attestations} attestation${attestations === 1 ? '' : 's'}`] : []),
  ];
  return fail(`an index${entries.length > 0 ? ` of ${entries.join(', ')}` : ` (${mediaType})`}`, SINGLE_MANIFEST_BUILD);
}

function sizeObservation(image: ContainerImage): Observation {
  const largest = Math.max(0, ...(image.layerBytes ?? []));
  const seen =
    `${gigabytes(image.totalBytes)} ${image.compressed ? 'to download' : 'on disk'} in ${image.layerCount} layers` +
    (largest > 0 ? `, the largest ${gigabytes(largest)}` : '');
  if (image.totalBytes > LARGE_IMAGE_BYTES) {
    return warn(
      `${seen}; a new instance pulls this before it can load the model`,
      'Move model files to ModelDataUrl, drop build tools in a multi-stage build, or allow for it in the startup timeout.',
    );
  }
  if (image.layerCount > MANY_LAYERS) {
    return warn(`${seen}; engines stop at about 127`, 'Join RUN lines, or copy the result into a fresh last stage.');
  }
  return pass(seen);
}

function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

import { posix } from 'node:path';
import {
  BIDIRECTIONAL_LABEL,
  BIDIRECTIONAL_LABEL_LINE,
  BIDIRECTIONAL_LABEL_VALUE,
  BIND_TO_PORT_LABEL,
  CONTAINER_PORT,
  IMAGE_PLATFORM,
  SERVE_ARGUMENT,
  Source,
} from '../contract';
import { fail, type Observation, pass, type Rule, skip, warn } from '../report/finding';

/** What is asked of an image, be it read from a Dockerfile or from its configuration. */
export const ImageRule = {
  LABEL: {
    name: 'streaming-label',
    rule: `The image carries the label ${BIDIRECTIONAL_LABEL}=${BIDIRECTIONAL_LABEL_VALUE}; without it no stream is routed.`,
    source: Source.DEVELOPER_GUIDE,
  },
  ENTRYPOINT_PRESENT: {
    name: 'entrypoint-present',
    rule: `The image has an ENTRYPOINT, because the argument "${SERVE_ARGUMENT}" replaces CMD.`,
    source: Source.HOSTING_GUIDE,
  },
  ENTRYPOINT_EXEC_FORM: {
    name: 'entrypoint-exec-form',
    rule: `ENTRYPOINT is in exec form, so that the program is process 1, gets SIGTERM and sees "${SERVE_ARGUMENT}".`,
    source: Source.HOSTING_GUIDE,
  },
  ENTRYPOINT_NOT_TINI: {
    name: 'entrypoint-not-tini',
    rule: 'tini is not the entry point.',
    source: Source.HOSTING_GUIDE,
  },
  USER: {
    name: 'user-root',
    rule: 'The container runs as root: no USER line.',
    source: Source.OPERATORS,
  },
  PORT: {
    name: 'port-exposed',
    rule: `The container listens on port ${CONTAINER_PORT}.`,
    source: Source.DEVELOPER_GUIDE,
  },
  PLATFORM: {
    name: 'platform',
    rule: `The image is for ${IMAGE_PLATFORM}.`,
    source: Source.OPERATORS,
  },
  SINGLE_MANIFEST: {
    name: 'single-manifest',
    rule: 'The image is one manifest, not an index with attestations.',
    source: Source.OPERATORS,
  },
  SIZE: {
    name: 'image-size',
    rule: 'The image is small enough for a quick cold start: every new instance pulls all of it.',
    source: Source.ADVICE,
  },
} as const satisfies Record<string, Rule>;

/** How to build one manifest without attestations. */
export const SINGLE_MANIFEST_BUILD = `Build it with: docker buildx build --platform ${IMAGE_PLATFORM} --provenance=false --sbom=false --push -t IMAGE .`;

/** The verdict on the streaming label. */
export function labelObservation(value: string | undefined, inherited = ''): Observation {
  if (value === BIDIRECTIONAL_LABEL_VALUE) return pass(`the label is "${value}"`);
  return value === undefined
    ? fail(`the label is not set${inherited}`, `Add to the last stage: ${BIDIRECTIONAL_LABEL_LINE}`)
    : fail(`the label is "${value}"`, `Write exactly: ${BIDIRECTIONAL_LABEL_LINE}`);
}

/** The verdict on there being an entry point. */
export function entrypointObservation(isPresent: boolean, inherited = ''): Observation {
  return isPresent
    ? pass('there is an entry point')
    : fail(
        `there is no entry point${inherited}`,
        'Add an exec-form line, such as: ENTRYPOINT ["python3", "server.py"]',
      );
}

/** The verdict on tini as the entry point. */
export function tiniObservation(program: string | undefined): Observation {
  if (program === undefined) return skip('there is no entry point');
  const name = posix.basename(program);
  return ['tini', 'tini-static', 'docker-init'].includes(name)
    ? fail(`the entry point is ${name}`, 'Start your program itself; let it reap its children and handle SIGTERM.')
    : pass(`the entry point is ${name}`);
}

/** The verdict on USER. */
export function userObservation(user: string | undefined): Observation {
  const name = (user ?? '').split(':')[0]!;
  if (name === '' || name === 'root' || name === '0') {
    return pass(name === '' ? 'no user is set, so it is root' : `the user is ${name}`);
  }
  return fail(`the user is "${user}"`, 'Remove the USER line, or add USER root at the end.');
}

/** The verdict on the exposed ports. */
export function portObservation(ports: readonly string[], bindToPortLabel: string | undefined): Observation {
  if (ports.some(exposes)) return pass(`exposes ${ports.join(', ')}`);
  if (bindToPortLabel === 'true') return pass(`the label ${BIND_TO_PORT_LABEL} promises to listen where it is told`);
  if (ports.length === 0) return skip('nothing is exposed, which is allowed; the live checks tell where it listens');
  return warn(
    `exposes ${ports.join(', ')} but not ${CONTAINER_PORT}`,
    `Listen on ${CONTAINER_PORT} and write: EXPOSE ${CONTAINER_PORT}`,
  );
}

function exposes(port: string): boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(port);
  if (!match || (match[3] ?? 'tcp').toLowerCase() !== 'tcp') return false;
  const first = Number(match[1]);
  return first <= CONTAINER_PORT && CONTAINER_PORT <= Number(match[2] ?? first);
}

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

/** The rules of an image, whether it is read from a Dockerfile or from its configuration. */
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
    rule: 'The program is process 1, so that it gets SIGTERM: ENTRYPOINT in exec form, or a shell that replaces itself with exec.',
    source: Source.HOSTING_GUIDE,
  },
  ENTRYPOINT_TAKES_SERVE: {
    name: 'entrypoint-takes-serve',
    rule: `The entry point takes the argument "${SERVE_ARGUMENT}", with which the platform starts the image.`,
    source: Source.HOSTING_GUIDE,
  },
  ENTRYPOINT_NOT_TINI: {
    name: 'entrypoint-not-tini',
    rule: 'tini is not the entry point.',
    source: Source.HOSTING_GUIDE,
  },
  USER: {
    name: 'user-root',
    rule: 'The container runs as root: other users may lack permissions that the platform expects.',
    source: Source.HOSTING_GUIDE,
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
    isAdvice: true,
  },
} as const satisfies Record<string, Rule>;

/** How to build one manifest without attestations. */
export const SINGLE_MANIFEST_BUILD = `Build it with: docker buildx build --platform ${IMAGE_PLATFORM} --provenance=false --sbom=false --push -t IMAGE .`;

/**
 * The verdict on the streaming label.
 *
 * @param unreadBase image that the Dockerfile builds on and that may set what the Dockerfile does not
 */
export function labelObservation(value: string | undefined, unreadBase?: string): Observation {
  if (value === BIDIRECTIONAL_LABEL_VALUE) return pass(`the label is "${value}"`);
  const next = `Add to the last stage: ${BIDIRECTIONAL_LABEL_LINE}`;
  if (value !== undefined) return fail(`the label is "${value}"`, `Write exactly: ${BIDIRECTIONAL_LABEL_LINE}`);
  return unreadBase === undefined
    ? fail('the label is not set', next)
    : warn(`the label is not set here; the base image ${unreadBase}, which was not read, may set it`, next);
}

/**
 * The verdict on there being an entry point.
 *
 * @param unreadBase image that the Dockerfile builds on and that may set what the Dockerfile does not
 */
export function entrypointObservation(isPresent: boolean, unreadBase?: string): Observation {
  if (isPresent) return pass('there is an entry point');
  const next = 'Add an exec-form line, such as: ENTRYPOINT ["python3", "server.py"]';
  return unreadBase === undefined
    ? fail('there is no entry point', next)
    : warn(`there is no entry point here; the base image ${unreadBase}, which was not read, may have one`, next);
}

/** The verdict on an entry point in exec form: a shell may not keep the signals of the program to itself. */
export function execFormObservation(entrypoint: readonly string[]): Observation {
  const [program, flag, script] = entrypoint;
  if (program === undefined) return skip('there is no entry point');
  if (!isShellCommand(program, flag)) return pass('it starts the program without a shell');
  if (replacesShell(script)) return pass('a shell replaces itself by the program, which gets the signals');
  return fail(
    `it starts ${posix.basename(program)} -c, which stays process 1 and keeps SIGTERM to itself`,
    'Write the program and its arguments as a JSON array: ENTRYPOINT ["program", "argument"]',
  );
}

/** Whether a shell runs its one command in its own place, as process 1. */
export function replacesShell(script: string | undefined): boolean {
  return /^\s*exec\s/.test(script ?? '');
}

/** Whether a program is a shell with the flag that makes the next word a script. */
function isShellCommand(program: string, flag: string | undefined): boolean {
  return /^(?:ba|da|a|z|k)?sh$|^busybox$/.test(posix.basename(program)) && /^-[a-z]*c$/.test(flag ?? '');
}

/** Command lines that refuse an argument that they do not know, with what to write instead. */
const REFUSING_PROGRAMS: Readonly<Record<string, string>> = {
  uvicorn: 'uvicorn.run(app, host="0.0.0.0", port=8080)',
  hypercorn: 'asyncio.run(hypercorn.asyncio.serve(app, Config()))',
  daphne: 'uvicorn.run(app, host="0.0.0.0", port=8080)',
  granian: 'granian.Granian("server:app", interface="asgi").serve()',
  fastapi: 'uvicorn.run(app, host="0.0.0.0", port=8080)',
  flask: 'app.run(host="0.0.0.0", port=8080)',
};

/** The verdict on what the entry point makes of the argument that the platform appends. */
export function serveObservation(entrypoint: readonly string[] | undefined): Observation {
  const [program, ...words] = entrypoint ?? [];
  if (program === undefined) return skip('there is no entry point');
  if (isShellCommand(program, words[0])) return pass(`the shell takes "${SERVE_ARGUMENT}" for a name of its own`);
  const isModule = /^python[\d.]*$/.test(posix.basename(program)) && words[0] === '-m';
  const name = posix.basename((isModule ? words[1] : program) ?? '');
  const call = REFUSING_PROGRAMS[name];
  if (!call) return pass(`${name} is not known to refuse it`);
  return fail(
    `${name} ends at once with an error, because it does not know the argument "${SERVE_ARGUMENT}"`,
    `Write ENTRYPOINT ["python3", "server.py"], and in server.py: ${call}`,
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
    return pass(name === '' ? 'no other user is set' : `the user is ${name}`);
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

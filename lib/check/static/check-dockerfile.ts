import { BIDIRECTIONAL_LABEL, BIND_TO_PORT_LABEL, IMAGE_PLATFORM } from '../../contract';
import { type DockerfileBuild, type DockerfileImage, readDockerfile, type Stated } from '../../dockerfile';
import {
  entrypointObservation,
  execFormObservation,
  ImageRule,
  labelObservation,
  portObservation,
  replacesShell,
  SINGLE_MANIFEST_BUILD,
  serveObservation,
  tiniObservation,
  userObservation,
} from '../../image/image-rules';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip, warn } from '../../report/finding';

/**
 * Checks a Dockerfile against the platform's contract, without building it. The base image is not read: what it may set is a warning.
 *
 * @param file name for the findings' locations
 * @throws DockerfileError when there is no stage to read
 */
export function checkDockerfile(text: string, file: string, build: DockerfileBuild = {}): Finding[] {
  const image = readDockerfile(text, build);
  const at = (rule: Rule, observation: Observation, stated?: Stated<unknown>): Finding =>
    finding(rule, { ...observation, location: { file, line: (stated ?? image.base).line } });
  const unreadBase = image.base.value === 'scratch' ? undefined : image.base.value;
  const label = image.labels.get(BIDIRECTIONAL_LABEL);
  const entrypoint = image.entrypoint;
  return [
    at(ImageRule.LABEL, labelObservation(label?.value, unreadBase), label),
    at(ImageRule.ENTRYPOINT_PRESENT, entrypointObservation(entrypoint !== undefined, unreadBase), entrypoint),
    at(ImageRule.ENTRYPOINT_EXEC_FORM, formObservation(image), entrypoint),
    at(ImageRule.ENTRYPOINT_TAKES_SERVE, serveObservation(commandOf(image)), entrypoint),
    at(ImageRule.ENTRYPOINT_NOT_TINI, tiniObservation(programOf(image)), entrypoint),
    at(ImageRule.USER, userObservation(image.user?.value), image.user),
    at(
      ImageRule.PORT,
      portObservation(
        image.exposedPorts.map(port => port.value),
        image.labels.get(BIND_TO_PORT_LABEL)?.value,
      ),
      image.exposedPorts[0],
    ),
    at(ImageRule.PLATFORM, platformObservation(image.platform), image.platform),
    at(ImageRule.SINGLE_MANIFEST, skip('a Dockerfile does not show how it will be built', SINGLE_MANIFEST_BUILD)),
  ];
}

function formObservation({ entrypoint }: DockerfileImage): Observation {
  if (!entrypoint) return skip('there is no entry point');
  const { form, words } = entrypoint.value;
  if (form === 'exec') return execFormObservation(words);
  const array = words.join(' ').trim();
  if (replacesShell(array)) return execFormObservation(['/bin/sh', '-c', array]);
  return fail(
    array.startsWith('[')
      ? 'it looks like an array but is not JSON, so the builder hands it to a shell'
      : 'it is in shell form: /bin/sh becomes process 1 and keeps SIGTERM to itself',
    array.startsWith('[')
      ? 'Use double quotes and no trailing comma: ENTRYPOINT ["program", "argument"]'
      : `Write: ENTRYPOINT ${JSON.stringify(array.replace(/^exec\s+/, '').split(/\s+/))}`,
  );
}

function programOf({ entrypoint }: DockerfileImage): string | undefined {
  return entrypoint?.value.form === 'shell'
    ? entrypoint.value.words[0]?.replace(/^exec\s+/, '').split(/\s+/)[0]
    : entrypoint?.value.words[0];
}

/** The command as process 1 has it: the builder wraps the shell form into `/bin/sh -c`. */
function commandOf({ entrypoint }: DockerfileImage): readonly string[] | undefined {
  if (!entrypoint) return undefined;
  const { form, words } = entrypoint.value;
  return form === 'exec' ? words : ['/bin/sh', '-c', ...words];
}

function platformObservation(platform: Stated<string> | undefined): Observation {
  const next = `Build with --platform ${IMAGE_PLATFORM}, or write: FROM --platform=${IMAGE_PLATFORM} …`;
  if (!platform) return pass(`no platform is set here; the build decides it (--platform ${IMAGE_PLATFORM})`);
  if (platform.value === IMAGE_PLATFORM) return pass(`it is for ${platform.value}`);
  // BUILDPLATFORM expands to nothing here: it is the platform of the machine that will build.
  if (platform.value === '') return warn('the last stage follows the machine that builds it', next);
  return fail(`the last stage is for ${platform.value}`, next);
}

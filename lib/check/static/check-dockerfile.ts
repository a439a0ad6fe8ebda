import { BIDIRECTIONAL_LABEL, BIND_TO_PORT_LABEL, IMAGE_PLATFORM } from '../../contract';
import { type DockerfileBuild, type DockerfileImage, readDockerfile, type Stated } from '../../dockerfile';
import {
  entrypointObservation,
  ImageRule,
  labelObservation,
  portObservation,
  SINGLE_MANIFEST_BUILD,
  tiniObservation,
  userObservation,
} from '../../image/image-rules';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip, warn } from '../../report/finding';

/**
 * Holds a Dockerfile against the platform's contract, without building it. What the base image brings is not known here: what
 * the contract needs has to stand in the Dockerfile itself.
 *
 * @param file name for the findings' locations
 * @throws DockerfileError when there is no stage to read
 */
export function checkDockerfile(text: string, file: string, build: DockerfileBuild = {}): Finding[] {
  const image = readDockerfile(text, build);
  const at = (rule: Rule, observation: Observation, stated?: Stated<unknown>): Finding =>
    finding(rule, { ...observation, location: { file, line: (stated ?? image.base).line } });
  const inherited =
    image.base.value === 'scratch' ? '' : ` here; what the base image ${image.base.value} brings was not looked at`;
  const label = image.labels.get(BIDIRECTIONAL_LABEL);
  const entrypoint = image.entrypoint;
  return [
    at(ImageRule.LABEL, labelObservation(label?.value, inherited), label),
    at(ImageRule.ENTRYPOINT_PRESENT, entrypointObservation(entrypoint !== undefined, inherited), entrypoint),
    at(ImageRule.ENTRYPOINT_EXEC_FORM, execFormObservation(image), entrypoint),
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
    at(ImageRule.SINGLE_MANIFEST, skip('a Dockerfile does not tell', SINGLE_MANIFEST_BUILD)),
  ];
}

function execFormObservation({ entrypoint }: DockerfileImage): Observation {
  if (!entrypoint) return skip('there is no entry point');
  const { form, words } = entrypoint.value;
  if (form === 'exec') return pass('it is a JSON array');
  const array = words.join(' ').trim();
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

function platformObservation(platform: Stated<string> | undefined): Observation {
  const next = `Build with --platform ${IMAGE_PLATFORM}, or write: FROM --platform=${IMAGE_PLATFORM} …`;
  if (!platform) return pass(`no platform is set here; the build decides it (--platform ${IMAGE_PLATFORM})`);
  if (platform.value === IMAGE_PLATFORM) return pass(`it is for ${platform.value}`);
  // BUILDPLATFORM expands to nothing here: it is the machine that builds, whichever that will be.
  if (platform.value === '') return warn('the last stage follows the machine that builds it', next);
  return fail(`the last stage is for ${platform.value}`, next);
}

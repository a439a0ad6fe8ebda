import { checkDockerfile } from '../../lib/check';
import { BIDIRECTIONAL_LABEL } from '../../lib/contract';
import { type DockerfileBuild, DockerfileError } from '../../lib/dockerfile';

const LABEL = `LABEL ${BIDIRECTIONAL_LABEL}=true`;
const ENTRYPOINT = 'ENTRYPOINT ["python3", "server.py"]';

function dockerfile(...lines: string[]): string {
  return `${lines.join('\n')}\n`;
}

/** What is not passed, without what a Dockerfile can never tell. */
function caught(text: string, build?: DockerfileBuild): Record<string, string> {
  return Object.fromEntries(
    checkDockerfile(text, 'Dockerfile', build)
      .filter(finding => finding.verdict === 'fail' || finding.verdict === 'warn')
      .map(finding => [finding.name, finding.verdict]),
  );
}

const SOUND = dockerfile('FROM python:3.13-slim', LABEL, 'EXPOSE 8080', ENTRYPOINT);

test('a sound Dockerfile has no fault', () => {
  expect(caught(SOUND)).toEqual({});
});

test.each<[string, string, Record<string, string>, number]>([
  ['no label', dockerfile('FROM scratch', ENTRYPOINT), { 'streaming-label': 'fail' }, 1],
  ['no label on a base that was not read', dockerfile('FROM a', ENTRYPOINT), { 'streaming-label': 'warn' }, 1],
  [
    'label not lower case',
    dockerfile('FROM a', `LABEL ${BIDIRECTIONAL_LABEL}=True`, ENTRYPOINT),
    { 'streaming-label': 'fail' },
    2,
  ],
  [
    'label overridden',
    dockerfile('FROM a', LABEL, `LABEL ${BIDIRECTIONAL_LABEL}=false`, ENTRYPOINT),
    { 'streaming-label': 'fail' },
    3,
  ],
  [
    'label of another stage',
    dockerfile('FROM a AS build', LABEL, 'FROM scratch', ENTRYPOINT),
    { 'streaming-label': 'fail' },
    3,
  ],
  [
    'no entry point',
    dockerfile('FROM scratch', LABEL, 'CMD ["python3", "server.py"]'),
    { 'entrypoint-present': 'fail' },
    1,
  ],
  ['no entry point on a base that was not read', dockerfile('FROM a', LABEL), { 'entrypoint-present': 'warn' }, 1],
  [
    'entry point taken back',
    dockerfile('FROM scratch', LABEL, ENTRYPOINT, 'ENTRYPOINT []'),
    { 'entrypoint-present': 'fail' },
    1,
  ],
  ['shell form', dockerfile('FROM a', LABEL, 'ENTRYPOINT python3 server.py'), { 'entrypoint-exec-form': 'fail' }, 3],
  [
    'a shell in exec form',
    dockerfile('FROM a', LABEL, 'ENTRYPOINT ["sh", "-c", "python3 server.py"]'),
    { 'entrypoint-exec-form': 'fail' },
    3,
  ],
  ...['"uvicorn", "app:app"', '"python3.12", "-m", "uvicorn", "app:app"', '"/opt/venv/bin/fastapi", "run"'].map(
    (words): [string, string, Record<string, string>, number] => [
      `a program that refuses "serve": ${words}`,
      dockerfile('FROM a', LABEL, `ENTRYPOINT [${words}]`),
      { 'entrypoint-takes-serve': 'fail' },
      3,
    ],
  ),
  [
    'single quotes',
    dockerfile('FROM a', LABEL, "ENTRYPOINT ['python3', 'server.py']"),
    { 'entrypoint-exec-form': 'fail' },
    3,
  ],
  [
    'tini',
    dockerfile('FROM a', LABEL, 'ENTRYPOINT ["/usr/bin/tini", "--", "python3"]'),
    { 'entrypoint-not-tini': 'fail' },
    3,
  ],
  ['user', dockerfile('FROM a', LABEL, ENTRYPOINT, 'USER app'), { 'user-root': 'fail' }, 4],
  ['user by number', dockerfile('FROM a', 'USER 1000:1000', LABEL, ENTRYPOINT), { 'user-root': 'fail' }, 2],
  ['another port', dockerfile('FROM a', LABEL, 'EXPOSE 80 8443', ENTRYPOINT), { 'port-exposed': 'warn' }, 3],
  ['only UDP', dockerfile('FROM a', LABEL, 'EXPOSE 8080/udp', ENTRYPOINT), { 'port-exposed': 'warn' }, 3],
  ['another platform', dockerfile('FROM --platform=linux/arm64 a', LABEL, ENTRYPOINT), { platform: 'fail' }, 1],
  [
    'platform of the builder',
    dockerfile('FROM --platform=$BUILDPLATFORM a', LABEL, ENTRYPOINT),
    { platform: 'warn' },
    1,
  ],
])('%s is caught, and nothing else', (_name, text, expected, line) => {
  expect(caught(text)).toEqual(expected);
  const [finding] = checkDockerfile(text, 'Dockerfile').filter(
    ({ verdict }) => verdict === 'fail' || verdict === 'warn',
  );
  expect(finding).toMatchObject({ location: { file: 'Dockerfile', line }, next: expect.any(String) });
});

test.each<[string, string]>([
  [
    'a label among others over several lines',
    dockerfile(
      'FROM a',
      'LABEL a=b \\',
      '  # a remark',
      `  "${BIDIRECTIONAL_LABEL}"="true" \\`,
      '  c="d e"',
      ENTRYPOINT,
    ),
  ],
  ['the old form of LABEL', dockerfile('FROM a', `LABEL ${BIDIRECTIONAL_LABEL} true`, ENTRYPOINT)],
  ['instructions in lower case', SOUND.replace('LABEL', 'label').replace('FROM', 'from')],
  ['Windows line ends', SOUND.replaceAll('\n', '\r\n')],
  ['a stage that builds on another', dockerfile('FROM a AS Base', LABEL, ENTRYPOINT, 'FROM base AS last', 'RUN true')],
  [
    'a label value from ARG',
    dockerfile(
      'ARG STREAMING=true',
      'FROM a',
      'ARG STREAMING',
      `LABEL ${BIDIRECTIONAL_LABEL}=\${STREAMING}`,
      ENTRYPOINT,
    ),
  ],
  [
    'a label value from ENV of an earlier stage',
    dockerfile('FROM a AS b', 'ENV ON=true', 'FROM b', `LABEL ${BIDIRECTIONAL_LABEL}=$ON`, ENTRYPOINT),
  ],
  ['a default in the variable', dockerfile('FROM a', `LABEL ${BIDIRECTIONAL_LABEL}=\${ON:-true}`, ENTRYPOINT)],
  ['a port from ENV', dockerfile('FROM a', 'ENV PORT=8080', LABEL, 'EXPOSE $PORT/tcp', ENTRYPOINT)],
  ['a range of ports', dockerfile('FROM a', LABEL, 'EXPOSE 8000-8100', ENTRYPOINT)],
  ['root again at the end', dockerfile('FROM a', 'USER app', LABEL, ENTRYPOINT, 'USER root')],
  [
    'a heredoc that looks like instructions',
    dockerfile('FROM a', LABEL, 'RUN <<EOT', 'USER app', 'ENTRYPOINT tini', 'EOT', ENTRYPOINT),
  ],
  ['a remark that looks like an instruction', dockerfile('FROM a', '# USER app', LABEL, ENTRYPOINT)],
  [
    'another escape character',
    dockerfile('# escape=`', 'FROM a', 'LABEL a=b `', `  ${BIDIRECTIONAL_LABEL}=true`, ENTRYPOINT),
  ],
  ['the platform of the target', dockerfile('FROM --platform=$TARGETPLATFORM a', LABEL, ENTRYPOINT)],
  ['shell form with exec', dockerfile('FROM a', LABEL, 'ENTRYPOINT exec python3 server.py')],
  ['a shell in exec form that uses exec', dockerfile('FROM a', LABEL, 'ENTRYPOINT ["sh", "-c", "exec a"]')],
  ['uvicorn behind a shell', dockerfile('FROM a', LABEL, 'ENTRYPOINT exec uvicorn app:app')],
  ['an exec form over several lines', dockerfile('FROM a', LABEL, 'ENTRYPOINT [ "python3", \\', '  "server.py" ]')],
])('%s is understood', (_name, text) => {
  expect(caught(text)).toEqual({});
});

test('the target stage is that of the build', () => {
  const text = dockerfile('FROM a AS cpu', LABEL, ENTRYPOINT, 'FROM cpu AS gpu', 'USER app');
  expect(caught(text)).toEqual({ 'user-root': 'fail' });
  expect(caught(text, { target: 'CPU' })).toEqual({});
  expect(caught(text, { target: '0' })).toEqual({});
  expect(() => caught(text, { target: 'tpu' })).toThrow(/no stage "tpu".*cpu, gpu/s);
});

test('a stage may have the name of the image that it starts from', () => {
  expect(caught(dockerfile('FROM node AS node', LABEL, ENTRYPOINT))).toEqual({});
});

test('a file that is no Dockerfile is told as such', () => {
  expect(() => caught('')).toThrow(DockerfileError);
  expect(() => caught('# nothing here\n')).toThrow(/no FROM line/);
});

test('what the base image brings is said not to be known', () => {
  const [label] = checkDockerfile(dockerfile('FROM my-base:1', ENTRYPOINT), 'Dockerfile');
  expect(label?.seen).toContain('my-base:1');
});

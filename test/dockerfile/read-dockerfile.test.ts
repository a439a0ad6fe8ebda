import { BIDIRECTIONAL_LABEL } from '../../lib/contract';
import { type DockerfileBuild, DockerfileError, readDockerfile } from '../../lib/dockerfile';

const L = BIDIRECTIONAL_LABEL;

test.each<[title: string, text: string, build: DockerfileBuild]>([
  ['plain', `FROM a\nLABEL ${L}=true`, {}],
  ['quoted in part', `FROM a\nLABEL ${L}="tr"'ue'`, {}],
  ['quoted', `FROM a\nLABEL "${L}"="true"`, {}],
  ['single-quoted', `FROM a\nLABEL ${L}='true'`, {}],
  ['lower-case instruction', `from a\nlabel ${L}=true`, {}],
  ['in the old form, with a space', `FROM a\nLABEL ${L} true`, {}],
  ['among others', `FROM a\nLABEL x=y ${L}=true z="a b"`, {}],
  ['on a continuation line', `FROM a\nLABEL x=y \\\n  ${L}=true`, {}],
  ['after a comment within a continuation', `FROM a\nLABEL x=y \\\n# why\n  ${L}=true`, {}],
  ['with another escape character', `# escape=\`\nFROM a\nLABEL x=y \`\n  ${L}=true`, {}],
  ['by ARG', `FROM a\nARG FLAG=true\nLABEL ${L}=$FLAG`, {}],
  ['by ARG that the build gives', `FROM a\nARG FLAG=false\nLABEL ${L}=\${FLAG}`, { buildArgs: { FLAG: 'true' } }],
  ['by ARG before FROM, which the stage declares otherwise', `ARG F=no\nFROM a\nARG F=true\nLABEL ${L}=$F`, {}],
  ['by one ARG of several in a line', `FROM a\nARG A=no F=true\nLABEL ${L}=$F`, {}],
  ['by ARG before FROM, declared again', `ARG FLAG=true\nFROM a\nARG FLAG\nLABEL ${L}=$FLAG`, {}],
  ['by ENV', `FROM a\nENV FLAG=true\nLABEL ${L}=$FLAG`, {}],
  ['by ENV made of ARG', `FROM a\nARG A=true\nENV B=\${A}\nLABEL ${L}=$B`, {}],
  ['by ENV, which wins over ARG', `FROM a\nARG F=false\nENV F=true\nLABEL ${L}=$F`, {}],
  ['by a default', `FROM a\nLABEL ${L}=\${FLAG:-true}`, {}],
  ['by a replacement', `FROM a\nENV GPU=1\nLABEL ${L}=\${GPU:+true}`, {}],
  ['by a default that is a variable', `FROM a\nARG F=true\nLABEL ${L}=\${A:-\${B-$F}}`, {}],
  ['with its name in a variable', `FROM a\nARG NAME=${L}\nLABEL $NAME=true`, {}],
  ['said twice, the last counts', `FROM a\nLABEL ${L}=false\nLABEL ${L}=true`, {}],
  ['in the stage that the last one stands on', `FROM a AS base\nLABEL ${L}=true\nFROM base`, {}],
  ['through two stages', `FROM a AS one\nLABEL ${L}=true\nFROM one AS two\nFROM two`, {}],
  ['in a base named by ARG', `ARG BASE=one\nFROM a AS one\nLABEL ${L}=true\nFROM $BASE`, {}],
  ['in the later one of two stages of a name', `FROM a AS b\nFROM c AS b\nLABEL ${L}=true\nFROM b`, {}],
  ['in the target', `FROM a AS Serve\nLABEL ${L}=true\nFROM b AS test`, { target: 'serve' }],
  ['in the target by its number', `FROM a\nLABEL ${L}=true\nFROM b`, { target: '0' }],
  ['with ENV of the base', `FROM a AS one\nENV F=true\nFROM one\nLABEL ${L}=$F`, {}],
  ['after a heredoc', `FROM a\nRUN <<EOF\nLABEL ${L}=false\nEOF\nLABEL ${L}=true`, {}],
])('finds the label: %s', (_, text, build) => {
  expect(readDockerfile(text, build).labels.get(L)?.value).toBe('true');
});

test.each<[title: string, text: string, build: DockerfileBuild, value: string | undefined]>([
  ['no label', 'FROM a\nLABEL x=true', {}, undefined],
  ['only in a stage whose number is the base, which names an image', `FROM a\nLABEL ${L}=true\nFROM 0`, {}, undefined],
  ['only in a comment', `FROM a\n# LABEL ${L}=true`, {}, undefined],
  ['only before FROM', `LABEL ${L}=true\nFROM a`, {}, undefined],
  ['only for images built on it', `FROM a\nONBUILD LABEL ${L}=true`, {}, undefined],
  [
    'only in a stage that is copied from',
    `FROM a AS build\nLABEL ${L}=true\nFROM b\nCOPY --from=build /x /x`,
    {},
    undefined,
  ],
  ['only after the target', `FROM a AS test\nFROM test\nLABEL ${L}=true`, { target: 'test' }, undefined],
  ['another value', `FROM a\nLABEL ${L}=yes`, {}, 'yes'],
  ['another case', `FROM a\nLABEL ${L}=True`, {}, 'True'],
  ['taken back', `FROM a\nLABEL ${L}=true\nLABEL ${L}=false`, {}, 'false'],
  ['taken back in a later stage', `FROM a AS b\nLABEL ${L}=true\nFROM b\nLABEL ${L}=false`, {}, 'false'],
  ['an ARG without a value', `FROM a\nARG FLAG\nLABEL ${L}=$FLAG`, {}, ''],
  ['an ARG of before FROM, not declared again', `ARG FLAG=true\nFROM a\nLABEL ${L}=$FLAG`, {}, ''],
  ['an ARG of the base stage', `FROM a AS b\nARG F=true\nFROM b\nLABEL ${L}=$F`, {}, ''],
  ['an ARG that the build sets otherwise', `FROM a\nARG F=true\nLABEL ${L}=$F`, { buildArgs: { F: 'no' } }, 'no'],
  ['a variable within single quotes', `FROM a\nENV F=true\nLABEL ${L}='$F'`, {}, '$F'],
  ['an escaped variable', `FROM a\nENV F=true\nLABEL ${L}=\\$F`, {}, '$F'],
])('does not take for the label: %s', (_, text, build, value) => {
  expect(readDockerfile(text, build).labels.get(L)?.value).toBe(value);
});

test('single quotes keep a dollar sign', () => {
  const image = readDockerfile('FROM a\nLABEL x=\'$HOME\' y="\\$HOME" z=${A:+set}${B-unset}');
  expect([...image.labels].map(([name, { value }]) => [name, value])).toEqual([
    ['x', '$HOME'],
    ['y', '$HOME'],
    ['z', 'unset'],
  ]);
});

test('ENV beats ARG, and one instruction sees the environment from before it', () => {
  const image = readDockerfile(
    ['FROM a', 'ARG A=arg', 'ENV A=env', 'ENV A=new B=$A', 'LABEL a=$A b=$B', 'ARG A=late', 'LABEL c=$A'].join('\n'),
  );
  expect([...image.labels].map(([name, { value }]) => `${name}=${value}`)).toEqual(['a=new', 'b=env', 'c=new']);
});

test('between double quotes a backslash only escapes what means something there', () => {
  const { labels } = readDockerfile('FROM a\nLABEL x="a \\"b\\" \\c it\'s" y=a\\ b');
  expect(labels.get('x')?.value).toBe('a "b" \\c it\'s');
  expect(labels.get('y')?.value).toBe('a b');
});

test('a build argument names the base', () => {
  const { base } = readDockerfile('ARG BASE=a\nFROM $BASE', { buildArgs: { BASE: 'b' } });
  expect(base).toEqual({ value: 'b', line: 2 });
});

test('a target that is not there, and a file without a stage', () => {
  expect(() => readDockerfile('FROM a AS cpu\nFROM b', { target: 'tpu' })).toThrow(/no stage "tpu".*cpu, 1/s);
  expect(() => readDockerfile('')).toThrow(DockerfileError);
});

describe('hostile input', () => {
  test.each<[string, string]>([
    ['a line of 10 MB', `FROM a\nENV A=${'x'.repeat(10_000_000)}\n`],
    ['a line that no builder takes', `FROM a\nENV A=${'x'.repeat(70_000)}\n`],
    ['values that double with every line', `FROM a\nENV A=xx\n${'ENV A=$A$A\n'.repeat(60)}`],
    ['stages without end', 'FROM a\n'.repeat(1_000)],
  ])('%s is refused', (_name, text) => {
    expect(() => readDockerfile(text)).toThrow(DockerfileError);
  });

  test.each<[string, string]>([
    ['open', '${a:-'.repeat(12_000)],
    ['closed', `${'${a:-'.repeat(10_000)}${'}'.repeat(10_000)}`],
  ])('variables that are nested and %s are read in steps that the text bounds', (_name, word) => {
    // A quadratic reader takes minutes here, and the test runner's own limit ends it.
    expect(readDockerfile(`FROM a\nUSER ${word}\nUSER app\n`).user?.value).toBe('app');
  });
});

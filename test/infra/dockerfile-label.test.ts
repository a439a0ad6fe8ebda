import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_LINE } from '../../lib/contract';
import {
  type DockerfileBuild,
  DockerfileLabelError,
  labelValue,
  requireStreamingLabel,
} from '../../lib/infra/dockerfile-label';

const L = BIDIRECTIONAL_LABEL;

test.each<[title: string, text: string, build: DockerfileBuild]>([
  ['plain', `FROM a\nLABEL ${L}=true`, {}],
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
  ['by ARG before FROM, declared again', `ARG FLAG=true\nFROM a\nARG FLAG\nLABEL ${L}=$FLAG`, {}],
  ['by ENV', `FROM a\nENV FLAG=true\nLABEL ${L}=$FLAG`, {}],
  ['by ENV made of ARG', `FROM a\nARG A=true\nENV B=\${A}\nLABEL ${L}=$B`, {}],
  ['by ENV, which wins over ARG', `FROM a\nARG F=false\nENV F=true\nLABEL ${L}=$F`, {}],
  ['by a default', `FROM a\nLABEL ${L}=\${FLAG:-true}`, {}],
  ['by a replacement', `FROM a\nENV GPU=1\nLABEL ${L}=\${GPU:+true}`, {}],
  ['with its name in a variable', `FROM a\nARG NAME=${L}\nLABEL $NAME=true`, {}],
  ['said twice, the last counts', `FROM a\nLABEL ${L}=false\nLABEL ${L}=true`, {}],
  ['in the stage that the last one stands on', `FROM a AS base\nLABEL ${L}=true\nFROM base`, {}],
  ['through two stages', `FROM a AS one\nLABEL ${L}=true\nFROM one AS two\nFROM two`, {}],
  ['in a base named by ARG', `ARG BASE=one\nFROM a AS one\nLABEL ${L}=true\nFROM $BASE`, {}],
  ['in a base by its number', `FROM a\nLABEL ${L}=true\nFROM 0`, {}],
  ['in the target', `FROM a AS Serve\nLABEL ${L}=true\nFROM b AS test`, { target: 'serve' }],
  ['in the target by its number', `FROM a\nLABEL ${L}=true\nFROM b`, { target: '0' }],
  ['with ENV of the base', `FROM a AS one\nENV F=true\nFROM one\nLABEL ${L}=$F`, {}],
  ['after a heredoc', `FROM a\nRUN <<EOF\nLABEL ${L}=false\nEOF\nLABEL ${L}=true`, {}],
])('finds the label: %s', (_, text, build) => {
  expect(labelValue(text, build)).toBe('true');
});

test.each<[title: string, text: string, build: DockerfileBuild, value: string | undefined]>([
  ['no label', 'FROM a\nLABEL x=true', {}, undefined],
  ['nothing at all', '', {}, undefined],
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
  ['a target that is not there', `FROM a\nLABEL ${L}=true`, { target: 'missing' }, undefined],
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
  expect(labelValue(text, build)).toBe(value);
});

describe('requireStreamingLabel', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerfile-'));
  afterAll(() => fs.rmSync(directory, { recursive: true }));

  test('names the file, the stage and the line to add', () => {
    fs.writeFileSync(path.join(directory, 'Dockerfile'), 'FROM a');
    const attempt = () => requireStreamingLabel(directory, undefined, { target: 'serve' });
    expect(attempt).toThrow(DockerfileLabelError);
    expect(attempt).toThrow(path.join(directory, 'Dockerfile'));
    expect(attempt).toThrow('stage "serve"');
    expect(attempt).toThrow(BIDIRECTIONAL_LABEL_LINE);
  });

  test('says which wrong value it found', () => {
    fs.writeFileSync(path.join(directory, 'gpu.Dockerfile'), `FROM a\nLABEL ${L}=1`);
    expect(() => requireStreamingLabel(directory, 'gpu.Dockerfile')).toThrow(`to "1" in its last stage`);
  });

  test('says where it looked for a file that is not there', () => {
    expect(() => requireStreamingLabel(directory, 'Missing')).toThrow(
      `no Dockerfile at ${path.join(directory, 'Missing')}`,
    );
  });

  test('accepts both containers of this kit', () => {
    requireStreamingLabel(path.join(__dirname, '../../container/echo'));
  });
});

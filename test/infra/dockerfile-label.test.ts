import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_LINE } from '../../lib/contract';
import { DockerfileLabelError, requireStreamingLabel } from '../../lib/infra/dockerfile-label';

describe('requireStreamingLabel', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerfile-'));
  afterAll(() => fs.rmSync(directory, { recursive: true }));

  test('names the file, the stage and the line to add', () => {
    fs.writeFileSync(path.join(directory, 'Dockerfile'), 'FROM a AS serve');
    const attempt = () => requireStreamingLabel(directory, undefined, { target: 'serve' });
    expect(attempt).toThrow(DockerfileLabelError);
    expect(attempt).toThrow(path.join(directory, 'Dockerfile'));
    expect(attempt).toThrow('stage "serve"');
    expect(attempt).toThrow(BIDIRECTIONAL_LABEL_LINE);
  });

  test('says which wrong value it found', () => {
    fs.writeFileSync(path.join(directory, 'gpu.Dockerfile'), `FROM a\nLABEL ${BIDIRECTIONAL_LABEL}=1`);
    expect(() => requireStreamingLabel(directory, 'gpu.Dockerfile')).toThrow(`to "1" in its last stage`);
  });

  test.each([
    ['FROM a AS serve', 'no stage "gpu"'],
    ['# nothing', 'no FROM line'],
  ])('says which file cannot be built: %s', (text, violation) => {
    fs.writeFileSync(path.join(directory, 'Dockerfile'), text);
    const attempt = () => requireStreamingLabel(directory, undefined, { target: 'gpu' });
    expect(attempt).toThrow(DockerfileLabelError);
    expect(attempt).toThrow(`${path.join(directory, 'Dockerfile')} cannot be built: The Dockerfile has ${violation}`);
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

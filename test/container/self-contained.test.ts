import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CONTAINERS, generatedFiles, sampleFiles } from '../../container/generate';
import * as platform from '../../container/streaming/platform';
import * as contract from '../../lib/contract';

const ROOT = resolve(__dirname, '../..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const lock = (...path: string[]) =>
  JSON.parse(read(...path, 'package-lock.json')).packages as Record<string, { version: string }>;

/** An image is built from its folder alone, so it repeats what it needs of lib/contract; here the two are held equal. */
test('the containers’ constants are the contract’s', () => {
  const known: Record<string, unknown> = { ...contract };
  for (const [constant, value] of Object.entries(contract.MeteringHeader)) known[`${constant}_HEADER`] = value;
  expect(platform.METRICS_PATH).toBe(contract.METRICS_PATH);
  expect(Object.keys(platform).length).toBeGreaterThan(5);
  for (const [constant, value] of Object.entries(platform))
    expect({ [constant]: known[constant] }).toEqual({ [constant]: value });
});

describe.each(CONTAINERS)('container/%s', name => {
  test('its copies of container/streaming are current', () => {
    for (const [path, text] of generatedFiles()) expect([path, read('container', name, path)]).toEqual([path, text]);
    const copies = [...generatedFiles().keys()].filter(path => path.startsWith('src'));
    expect(readdirSync(join(ROOT, 'container', name, 'src', 'streaming')).sort()).toEqual(
      copies.map(path => basename(path)).sort(),
    );
  });

  test('its packages are locked to the versions of the kit', () => {
    const { dependencies, devDependencies } = JSON.parse(read('container', name, 'package.json')) as Record<
      string,
      Record<string, string>
    >;
    const own = lock('container', name);
    const kit = lock('.');
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect([dependency, version]).toEqual([dependency, kit[`node_modules/${dependency}`]!.version]);
      expect([dependency, own[`node_modules/${dependency}`]!.version]).toEqual([dependency, version]);
    }
  });

  test('its Dockerfile keeps the platform’s rules', () => {
    const instructions = read('container', name, 'Dockerfile')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'));
    const final = instructions.slice(instructions.findLastIndex(line => line.startsWith('FROM ')));
    expect(final).toContain(contract.BIDIRECTIONAL_LABEL_LINE);
    expect(final).toContain(`LABEL ${contract.BIND_TO_PORT_LABEL}=true`);
    expect(final).toContain(`EXPOSE ${contract.CONTAINER_PORT}`);
    expect(final.filter(line => /^USER\b/.test(line))).toEqual([]);
    // The exec form: a shell in front would keep SIGTERM for itself.
    expect(JSON.parse(final.find(line => line.startsWith('ENTRYPOINT '))!.slice('ENTRYPOINT '.length))[0]).toBe('node');
    expect(instructions.filter(line => line.startsWith('FROM ')).every(line => line.includes('${NODE_IMAGE}'))).toBe(
      true,
    );
    expect(instructions[0]).toMatch(/^ARG NODE_IMAGE=public\.ecr\.aws\/docker\/library\/node:\d+\.\d+\.\d+-/);
  });

  test('its ignore file lets in what the Dockerfile copies and nothing else', () => {
    const allowed = read('container', name, '.dockerignore')
      .split('\n')
      .filter(line => line.startsWith('!'))
      .map(line => line.slice(1));
    const copied = read('container', name, 'Dockerfile')
      .split('\n')
      .filter(line => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap(line => line.split(' ').slice(1, -1));
    expect(new Set(allowed)).toEqual(new Set(copied));
  });
});

test('what the simulator knows of the sample recording is current', () => {
  for (const [file, text] of sampleFiles()) {
    expect([file, read('container/speech-simulator/src', file)]).toEqual([file, text]);
  }
});

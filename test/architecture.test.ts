import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** What each room may import of the others, and which packages it may load. The arrows of docs/design.md, as data. */
const ROOMS: Record<string, { rooms: string[]; packages: RegExp }> = {
  contract: { rooms: [], packages: /^$/ },
  dockerfile: { rooms: ['contract'], packages: /^dockerfile-ast$/ },
  report: { rooms: ['contract'], packages: /^$/ },
  assembly: { rooms: ['contract'], packages: /^$/ },
  image: { rooms: ['contract', 'report', 'dockerfile'], packages: /^@aws-sdk\// },
  client: { rooms: ['contract'], packages: /^(@aws-sdk|@smithy)\// },
  infra: { rooms: ['contract', 'dockerfile'], packages: /^(aws-cdk-lib|constructs)(\/|$)/ },
  local: {
    rooms: ['contract', 'assembly'],
    packages: /^(@smithy\/|@aws-sdk\/core|websocket$|selfsigned$|ws$)/,
  },
  check: {
    rooms: ['contract', 'dockerfile', 'report', 'image', 'client'],
    packages: /^(websocket$|ws$)/,
  },
  capacity: { rooms: ['contract', 'report', 'client'], packages: /^(hdr-histogram-js$|@resvg\/resvg-js$)/ },
  operate: {
    rooms: ['contract', 'report', 'assembly', 'image', 'client'],
    packages: /^(@aws-sdk\/|@smithy\/)/,
  },
};

const ROOT = resolve(__dirname, '..');
const IMPORT = /(?:from|import|require\(|import\()\s*['"]([@\w./:-]+)['"]/g;

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath, entry.name));
}

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(match => match[1]!);
}

describe.each(Object.entries(ROOMS))('lib/%s', (room, allowed) => {
  const directory = join(ROOT, 'lib', room);

  test('imports only the rooms and packages that it may', () => {
    const violations = sources(directory).flatMap(file =>
      imports(file)
        .filter(specifier => {
          if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return room === 'contract';
          if (!specifier.startsWith('.')) return !allowed.packages.test(specifier);
          const target = relative(join(ROOT, 'lib'), resolve(dirname(file), specifier)).split(sep)[0]!;
          return target !== room && !allowed.rooms.includes(target);
        })
        .map(specifier => `${relative(ROOT, file)} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });
});

test.each(['echo', 'deepgram-simulator'])('container/%s stands on its own', container => {
  const directory = join(ROOT, 'container', container);
  const violations = sources(join(directory, 'src')).flatMap(file =>
    imports(file)
      .filter(specifier => specifier.startsWith('.') && !resolve(dirname(file), specifier).startsWith(directory + sep))
      .map(specifier => `${relative(ROOT, file)} imports ${specifier}`),
  );
  expect(violations).toEqual([]);
});

test('nothing in lib imports bin or test', () => {
  const violations = sources(join(ROOT, 'lib')).filter(file =>
    imports(file).some(specifier => /(^|\/)(bin|test)\//.test(specifier)),
  );
  expect(violations).toEqual([]);
});

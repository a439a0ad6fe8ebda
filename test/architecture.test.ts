import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { preProcessFile } from 'typescript';

interface Room {
  /** The other rooms of lib/ that it may import. */
  readonly rooms: readonly string[];
  /** The packages that it may load. */
  readonly packages: RegExp;
  /** For each of its folders, the folders beside it that it may import. The room's own files are `.`; a room without this is free inside. */
  readonly folders?: Readonly<Record<string, readonly string[]>>;
}

/** The arrows of docs/design.md, as data. An arrow is an import of any kind: of types alone, and at run time, too. */
const ROOMS: Record<string, Room> = {
  contract: { rooms: [], packages: /^$/ },
  dockerfile: { rooms: ['contract'], packages: /^dockerfile-ast$/ },
  report: { rooms: ['contract'], packages: /^$/ },
  wire: { rooms: ['contract'], packages: /^@smithy\// },
  assembly: { rooms: ['contract'], packages: /^$/ },
  init: { rooms: ['contract'], packages: /^sagemaker-bidi-kit\/package\.json$/ },
  image: { rooms: ['contract', 'report', 'dockerfile'], packages: /^@aws-sdk\// },
  client: {
    rooms: ['contract', 'wire', 'report'],
    packages: /^(@aws-sdk|@smithy)\//,
    folders: {
      errors: [],
      'runtime-http2': [],
      stream: ['errors', 'runtime-http2'],
      session: ['stream', 'errors', 'runtime-http2'],
    },
  },
  speech: {
    rooms: ['contract', 'client'],
    packages: /^@alexanderolsen\//,
    folders: { audio: [], deepgram: ['audio', '.'], models: ['audio', 'deepgram', '.'] },
  },
  infra: { rooms: ['contract', 'dockerfile'], packages: /^(aws-cdk-lib|constructs)(\/|$)/ },
  local: {
    rooms: ['contract', 'wire', 'assembly'],
    packages: /^(@smithy\/|chokidar$|selfsigned$|uplot\/dist\/|ws$)/,
    folders: {
      engine: ['.'],
      service: ['.'],
      hosting: ['engine', 'service', '.'],
      stream: ['service', '.'],
      operations: ['stream', 'hosting', 'service', '.'],
      inspector: ['service', '.'],
    },
  },
  check: {
    rooms: ['contract', 'wire', 'assembly', 'dockerfile', 'report', 'image', 'client'],
    packages: /^$/,
    folders: { static: [], live: [] },
  },
  capacity: {
    rooms: ['contract', 'report', 'client', 'speech'],
    packages: /^(hdr-histogram-js$|@resvg\/resvg-js$)/,
  },
  fidelity: {
    rooms: ['contract', 'report', 'client'],
    packages: /^(@aws-sdk\/client-sagemaker-runtime|@smithy\/types)$/,
    folders: { probes: ['.'] },
  },
  gateway: {
    rooms: ['contract', 'wire', 'client', 'speech'],
    packages: /^prom-client$/,
  },
  operate: {
    rooms: ['contract', 'report', 'assembly', 'image', 'client'],
    packages: /^(@aws-sdk\/|@smithy\/)/,
    folders: {
      aws: [],
      failures: ['.'],
      preflight: ['aws', '.'],
      status: ['aws', 'failures', '.'],
      'destroy-check': ['aws', '.'],
    },
  },
};

const ROOT = resolve(__dirname, '..');
const LIB = join(ROOT, 'lib');

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map(entry => join(entry.parentPath, entry.name));
}

/** What a file imports: statically, as types alone, at run time (`import()`, `require()`) and in a type (`import('…').Name`). */
function specifiers(text: string): string[] {
  return preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function imports(file: string): string[] {
  return specifiers(readFileSync(file, 'utf8'));
}

/** The file that a relative import reads. */
function importedFile(file: string, specifier: string): string {
  const path = resolve(dirname(file), specifier);
  return [`${path}.ts`, join(path, 'index.ts')].find(existsSync) ?? path;
}

/** The imports of other files of ours. */
function arrows(file: string): string[] {
  return imports(file)
    .filter(specifier => specifier.startsWith('.'))
    .map(specifier => importedFile(file, specifier));
}

test('an import of any kind is an arrow', () => {
  const text = `
    import { a } from './static';
    import type { B } from './types-alone';
    export { c } from './exported';
    export type * from './types-exported';
    const d = await import('./dynamic');
    const e = require('./required') as typeof import('./in-a-type');
    // import './comment'
    const text = "import './text'";`;
  expect(specifiers(text).sort()).toEqual(
    ['dynamic', 'exported', 'in-a-type', 'required', 'static', 'types-alone', 'types-exported'].map(
      name => `./${name}`,
    ),
  );
});

test('every room of lib is in the table', () => {
  const rooms = readdirSync(LIB, { withFileTypes: true }).filter(entry => entry.isDirectory());
  expect(rooms.map(room => room.name).filter(name => !ROOMS[name])).toEqual([]);
});

test('every room of lib has its folder in test', () => {
  expect(Object.keys(ROOMS).filter(room => !existsSync(join(ROOT, 'test', room)))).toEqual([]);
});

test('no room holds more than a fifth of lib', () => {
  const lines = (directory: string) =>
    sources(directory).reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length, 0);
  const all = lines(LIB);
  expect(Object.keys(ROOMS).filter(room => lines(join(LIB, room)) > all / 5)).toEqual([]);
});

describe.each(Object.entries(ROOMS).filter(([room]) => existsSync(join(LIB, room))))('lib/%s', (room, allowed) => {
  const directory = join(LIB, room);

  test('imports only the rooms and packages that it may', () => {
    const violations = sources(directory).flatMap(file =>
      imports(file)
        .filter(specifier => {
          if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return room === 'contract';
          if (!specifier.startsWith('.')) return !allowed.packages.test(specifier);
          const target = relative(LIB, importedFile(file, specifier)).split(sep)[0]!;
          return target !== room && !allowed.rooms.includes(target);
        })
        .map(specifier => `${relative(ROOT, file)} imports ${specifier}`),
    );
    expect(violations).toEqual([]);
  });

  const { folders } = allowed;
  if (!folders) return;

  test('has one-way arrows between its folders', () => {
    const folderOf = (file: string) => {
      const parts = relative(directory, file).split(sep);
      return parts.length > 1 ? parts[0]! : '.';
    };
    // What the room's own files import is free: its index gathers what is public.
    const violations = sources(directory)
      .filter(file => folderOf(file) !== '.')
      .flatMap(file =>
        arrows(file)
          .filter(target => target.startsWith(directory + sep))
          .filter(target => folderOf(target) !== folderOf(file))
          .filter(target => !folders[folderOf(file)]?.includes(folderOf(target)))
          .map(target => `${relative(ROOT, file)} imports ${relative(ROOT, target)}`),
      );
    expect(violations).toEqual([]);
  });
});

test('no imports go in a circle, of types alone neither', () => {
  const containers = readdirSync(join(ROOT, 'container')).map(name => join(ROOT, 'container', name, 'src'));
  const files = [LIB, join(ROOT, 'bin'), ...containers.filter(existsSync)].flatMap(sources);
  const found = circles(files).map(circle => circle.map(file => relative(ROOT, file)).join(' → '));
  expect(found).toEqual([]);
});

/** The circles that a depth-first walk closes: none if and only if there are none. */
function circles(files: readonly string[]): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file) || path.includes(file)) return;
    path.push(file);
    for (const target of existsSync(file) && file.endsWith('.ts') ? arrows(file) : []) visit(target);
    path.pop();
    done.add(file);
  };
  files.forEach(visit);
  return found;
}

/** Those that are built from their own folder, with packages of their own. The gateway's image is made of the kit itself. */
const CONTAINERS = readdirSync(join(ROOT, 'container')).filter(name =>
  existsSync(join(ROOT, 'container', name, 'package.json')),
);

test.each(CONTAINERS)('container/%s stands on its own', container => {
  const directory = join(ROOT, 'container', container);
  const violations = sources(join(directory, 'src')).flatMap(file =>
    arrows(file)
      .filter(target => !target.startsWith(directory + sep))
      .map(target => `${relative(ROOT, file)} imports ${relative(ROOT, target)}`),
  );
  expect(violations).toEqual([]);
});

test('nothing in lib imports bin or test', () => {
  const violations = sources(LIB).flatMap(file =>
    arrows(file)
      .filter(target => !target.startsWith(LIB + sep))
      .map(target => `${relative(ROOT, file)} imports ${relative(ROOT, target)}`),
  );
  expect(violations).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { kitDirectory, kitSpecifier, pinnedVersion } from './kit-package';

/** The templates of `bidi init`. */
export const TEMPLATES = {
  python: {
    summary: 'a container of your own in Python: FastAPI and uvicorn',
    layers: ['base', 'own-container', 'python'],
  },
  typescript: {
    summary: 'a container of your own in TypeScript',
    layers: ['base', 'own-container', 'typescript'],
  },
  vllm: { summary: 'a speech-to-text model that vLLM serves', layers: ['base', 'vllm'] },
  deepgram: { summary: 'a Deepgram model from AWS Marketplace', layers: ['base', 'deepgram'] },
  gateway: {
    summary: 'a container in TypeScript, and a gateway for every WebSocket client',
    layers: ['base', 'own-container', 'typescript', 'gateway'],
  },
} as const;

/** Name of one of {@link TEMPLATES}. */
export type TemplateName = keyof typeof TEMPLATES;

/** The files of a project, by their paths in it with `/` between folders. */
export type ProjectFiles = ReadonlyMap<string, string>;

/** Words of a template's README and workflow that depend on its language. */
const WORDS: Readonly<Record<TemplateName, Readonly<Record<string, string>>>> = {
  python: {
    needs: ' and Python 3.11 or newer',
    program: 'app.py',
    'ci-setup': '      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0\n        with:\n          python-version: "3.13"\n',
  },
  typescript: { needs: '', program: 'server.ts', 'ci-setup': '' },
  vllm: { 'ci-setup': '' },
  deepgram: { 'ci-setup': '' },
  gateway: { needs: '', program: 'server.ts', 'ci-setup': '' },
};

/** The whole project of a template. */
export function projectFromTemplate(template: TemplateName, name: string, kit?: string): ProjectFiles {
  return render(TEMPLATES[template].layers, { ...namesOf(name), ...WORDS[template], kit: kit ?? kitSpecifier() });
}

/** The CDK side for a container that is there already. */
export interface ExistingContainer {
  /** Directory of the Dockerfile, relative to the project. */
  readonly directory: string;
  /**
   * Command that starts it as a process of this machine; `serve` is appended.
   *
   * @default - none: a container engine runs it
   */
  readonly command?: readonly string[];
  /**
   * Npm specifier of this kit.
   *
   * @default - where this one came from
   */
  readonly kit?: string;
}

/** The files of a CDK app around a container that is there already. */
export function projectAround(container: ExistingContainer, name: string): ProjectFiles {
  const command = container.command?.map(word => JSON.stringify(word)).join(', ');
  const files = render(['base', 'here'], {
    ...namesOf(name),
    'ci-setup': '',
    kit: container.kit ?? kitSpecifier(),
    container: container.directory.split(sep).join('/'),
    'local-command':
      command === undefined
        ? "// How it starts as a process of this machine, without Docker: localCommand: ['python', 'app.py']"
        : `localCommand: [${command}]`,
  });
  const cdkSide = [...files].filter(([path]) => !path.startsWith('.github/') && path !== '.gitignore');
  return new Map(cdkSide.map(([path, text]) => [path, path === 'package.json' ? withoutTests(text) : text]));
}

/** The names that a project's own is written as: `my-speech`, its stack `MySpeech` and the stack's class `MySpeechStack`. */
export function namesOf(name: string): { readonly name: string; readonly stack: string; readonly class: string } {
  const stack = name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return { name, stack, class: `${stack}Stack` };
}

/**
 * The violation in a project's name, as a sentence, or `undefined`. A project's name is also that of a package, an endpoint and a
 * class.
 */
export function projectNameViolation(name: string): string | undefined {
  return /^[a-z](-?[a-z0-9])*$/.test(name) && name.length <= 63
    ? undefined
    : `"${name}" must be 1 to 63 lower-case letters, digits and inner hyphens, the first a letter: it names package, endpoint and stack.`;
}

function render(layers: readonly string[], values: Readonly<Record<string, string>>): Map<string, string> {
  const files = new Map<string, string>();
  for (const layer of layers) {
    const root = join(kitDirectory(), 'templates', layer);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const path = fill(targetPath(source.slice(root.length + 1)), values);
      const text = fill(readFileSync(source, 'utf8'), values);
      const below = files.get(path);
      files.set(path, path === 'package.json' && below !== undefined ? mergePackages(below, text) : text);
    }
  }
  return files;
}

/** npm leaves files that begin with a dot out of a package, or renames them: in a template they begin with `dot-`. */
function targetPath(path: string): string {
  return path
    .split(sep)
    .join('/')
    .replace(/(^|\/)dot-/g, '$1.');
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{([^{}]+)\}\}/g, (_, key: string) => {
    const value = key.startsWith('version:') ? pinnedVersion(key.slice('version:'.length)) : values[key];
    if (value === undefined) throw new RangeError(`A template asks for {{${key}}}, which has no value.`);
    return value;
  });
}

type PackageFile = Record<string, unknown>;

function mergePackages(below: string, above: string): string {
  const merged = JSON.parse(below) as PackageFile;
  for (const [key, value] of Object.entries(JSON.parse(above) as PackageFile)) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    merged[key] = isObject ? { ...(merged[key] as object), ...value } : value;
  }
  return `${JSON.stringify(merged, null, 2)}\n`;
}

function withoutTests(text: string): string {
  const { scripts, ...rest } = JSON.parse(text) as { scripts: Record<string, string> };
  const { test: _, ...others } = scripts;
  return `${JSON.stringify({ ...rest, scripts: others }, null, 2)}\n`;
}

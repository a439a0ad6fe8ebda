import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { constructsRequirement, kitDirectory, kitSpecifier, lowestVersion, pinnedVersion } from './kit-package';

/** The languages of a CDK app. */
export const APP_LANGUAGES = ['typescript', 'python'] as const;

/** One of {@link APP_LANGUAGES}. */
export type AppLanguage = (typeof APP_LANGUAGES)[number];

/** A template of `bidi init`. */
export interface Template {
  readonly summary: string;
  /** The folders of `templates/` that it is made of, by the language of its CDK app; what a later one holds wins. */
  readonly layers: Readonly<Partial<Record<AppLanguage, readonly string[]>>>;
}

/** The templates of `bidi init`. */
export const TEMPLATES = {
  python: {
    summary: 'a container of your own in Python: FastAPI and uvicorn',
    layers: {
      typescript: ['base', 'typescript-app', 'own-container', 'venv', 'python', 'python-typescript'],
      python: ['base', 'python-app', 'own-container-python', 'venv', 'python'],
    },
  },
  typescript: {
    summary: 'a container of your own in TypeScript',
    layers: { typescript: ['base', 'typescript-app', 'own-container', 'typescript'] },
  },
  vllm: {
    summary: 'a speech-to-text model that vLLM serves',
    layers: { typescript: ['base', 'typescript-app', 'vllm'] },
  },
  deepgram: {
    summary: 'a Deepgram model from AWS Marketplace',
    layers: { typescript: ['base', 'typescript-app', 'deepgram'] },
  },
  gateway: {
    summary: 'a container in TypeScript, and a gateway for every WebSocket client',
    layers: { typescript: ['base', 'typescript-app', 'own-container', 'typescript', 'gateway'] },
  },
} as const satisfies Record<string, Template>;

/** Name of one of {@link TEMPLATES}. */
export type TemplateName = keyof typeof TEMPLATES;

/** The files of a project, by their paths in it with `/` between folders. */
export type ProjectFiles = ReadonlyMap<string, string>;

/** Words of a template's README and workflow that depend on its language. */
const WORDS: Readonly<Record<TemplateName, Readonly<Record<string, string>>>> = {
  python: {
    needs: ' and Python 3.11 or newer',
    program: 'app.py',
    'ci-setup':
      '      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0\n        with:\n          python-version: "3.13"\n',
  },
  typescript: { needs: '', program: 'server.ts', 'ci-setup': '' },
  vllm: { 'ci-setup': '' },
  deepgram: { 'ci-setup': '' },
  gateway: { needs: '', program: 'server.ts', 'ci-setup': '' },
};

/** How a project is written. */
export interface ProjectOptions {
  /**
   * Language of the CDK app.
   *
   * @default "typescript"
   */
  readonly appLanguage?: AppLanguage;
  /**
   * Npm specifier of this kit.
   *
   * @default - where this one came from
   */
  readonly kit?: string;
}

/** What starts the CDK app, in `cdk.json`. */
const APP: Readonly<Record<AppLanguage, string>> = {
  typescript: 'node --import tsx bin/app.ts',
  python: 'node scripts/venv.mjs app.py',
};

/**
 * The whole project of a template.
 *
 * @throws RangeError when the template has no CDK app in that language
 */
export function projectFromTemplate(
  template: TemplateName,
  name: string,
  { appLanguage = 'typescript', kit }: ProjectOptions = {},
): ProjectFiles {
  const { layers }: Template = TEMPLATES[template];
  const own = layers[appLanguage];
  if (!own) throw new RangeError(`The template ${template} has no CDK app in ${appLanguage}.`);
  return render(own, { ...valuesOf(name, appLanguage, kit), ...WORDS[template] });
}

/** The CDK side for a container that is there already. */
export interface ExistingContainer extends ProjectOptions {
  /** Directory of the Dockerfile, relative to the project. */
  readonly directory: string;
  /**
   * Command that starts it as a process of this machine; `serve` is appended.
   *
   * @default - none: a container engine runs it
   */
  readonly command?: readonly string[];
}

/** The files of a CDK app around a container that is there already. */
export function projectAround(container: ExistingContainer, name: string): ProjectFiles {
  const { appLanguage = 'typescript', kit } = container;
  const layers = appLanguage === 'python' ? ['python-app', 'venv', 'here-python'] : ['typescript-app', 'here'];
  const files = render(['base', ...layers], {
    ...valuesOf(name, appLanguage, kit),
    'ci-setup': '',
    container: container.directory.split(sep).join('/'),
    'local-command': localCommand(container.command, appLanguage),
  });
  const cdkSide = [...files].filter(([path]) => !path.startsWith('.github/') && path !== '.gitignore');
  return new Map(cdkSide.map(([path, text]) => [path, path === 'package.json' ? withoutTests(text) : text]));
}

/** The line of a stack that says how its container starts as a process. */
function localCommand(command: readonly string[] | undefined, language: AppLanguage): string {
  const [comment, assignment] = language === 'python' ? ['#', 'local_command='] : ['//', 'localCommand: '];
  if (command) return `${assignment}[${command.map(word => JSON.stringify(word)).join(', ')}]`;
  return `${comment} How it starts as a process of this machine, without Docker: ${assignment}["python", "app.py"]`;
}

function valuesOf(name: string, language: AppLanguage, kit?: string): Readonly<Record<string, string>> {
  return { ...namesOf(name), app: APP[language], kit: kit ?? kitSpecifier(), constructs: constructsRequirement() };
}

/**
 * The names that a project's own is written as: `my-speech`, its stack `MySpeech`, the stack's class `MySpeechStack` and, in Python,
 * its module `my_speech`.
 */
export function namesOf(name: string): Readonly<Record<'name' | 'stack' | 'class' | 'module', string>> {
  const stack = name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return { name, stack, class: `${stack}Stack`, module: name.replaceAll('-', '_') };
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
    const [kind, packageName] = key.split(':', 2);
    const value =
      packageName === undefined
        ? values[key]
        : kind === 'lowest'
          ? lowestVersion(packageName)
          : pinnedVersion(packageName);
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

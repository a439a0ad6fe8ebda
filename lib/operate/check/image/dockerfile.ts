import { type Arg, DockerfileParser, type Env, type From, type Instruction, type Label } from 'dockerfile-ast';
import { ExplainedError, IMAGE_PLATFORM } from '../../../contract';

/** The Dockerfile cannot be read as one: no stage, a stage that is not there, a loop of stages. */
export class DockerfileError extends ExplainedError {}

/** A value and the line that set it, counted from 1. */
export interface Stated<T> {
  readonly value: T;
  readonly line: number;
}

/** The ENTRYPOINT of a Dockerfile. */
export interface StatedEntrypoint {
  /** `exec` is a JSON array; everything else is wrapped into `/bin/sh -c` by the builder. */
  readonly form: 'exec' | 'shell';
  /** The words of the exec form, or the one command of the shell form. */
  readonly words: readonly string[];
}

/** What a Dockerfile says about the image of its final stage, stages that it builds on included. */
export interface DockerfileImage {
  /** The image under the first stage of the chain, or `scratch`. What it brings is not known here. */
  readonly base: Stated<string>;
  readonly labels: ReadonlyMap<string, Stated<string>>;
  readonly entrypoint?: Stated<StatedEntrypoint>;
  readonly user?: Stated<string>;
  /** Exposed ports as written after expansion, such as `8080/tcp` or `8000-8100`. */
  readonly exposedPorts: readonly Stated<string>[];
  /** `FROM --platform` of the final stage's base, expanded. */
  readonly platform?: Stated<string>;
}

/** How a Dockerfile is read. */
export interface DockerfileOptions {
  /**
   * `--target` of the build.
   *
   * @default the last stage
   */
  readonly target?: string;
  /**
   * `--build-arg` of the build, by name.
   *
   * @default - the defaults in the Dockerfile
   */
  readonly buildArguments?: Readonly<Record<string, string>>;
}

/** Arguments that BuildKit predefines for FROM lines, for a build of the platform's image on a machine of the same kind. */
const PLATFORM_ARGUMENTS: Readonly<Record<string, string>> = {
  TARGETPLATFORM: IMAGE_PLATFORM,
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
};

interface Stage {
  readonly name?: string;
  readonly from: From;
  readonly instructions: Instruction[];
}

/** Settings of a stage, as the next stage built on it inherits them. */
interface StageImage {
  base: Stated<string>;
  platform?: Stated<string>;
  labels: Map<string, Stated<string>>;
  environment: Map<string, string>;
  entrypoint?: Stated<StatedEntrypoint>;
  user?: Stated<string>;
  exposedPorts: Stated<string>[];
}

/**
 * Reads what a Dockerfile makes of its final stage: variables expanded, continuation lines joined, stages followed.
 *
 * Source: Dockerfile reference, docs.docker.com/reference/dockerfile.
 *
 * @throws DockerfileError when there is no stage to read
 */
export function readDockerfile(text: string, options: DockerfileOptions = {}): DockerfileImage {
  const parsed = DockerfileParser.parse(text);
  const escapeCharacter = parsed.getEscapeCharacter();
  const buildArguments = options.buildArguments ?? {};
  const globalArguments = new Map<string, string>(Object.entries(PLATFORM_ARGUMENTS));
  const stages: Stage[] = [];

  const globalExpand = (words: string) => expand(words, name => globalArguments.get(name), escapeCharacter);
  for (const instruction of parsed.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      const name = from.getBuildStage();
      stages.push({ from, instructions: [], ...(name ? { name: name.toLowerCase() } : {}) });
    } else if (stages.length > 0) {
      stages[stages.length - 1]!.instructions.push(instruction);
    } else if (instruction.getKeyword() === 'ARG') {
      const property = (instruction as Arg).getProperty();
      if (!property) continue;
      const value = buildArguments[property.getName()] ?? expandValue(property, globalExpand);
      if (value !== undefined) globalArguments.set(property.getName(), value);
    }
  }

  const target = options.target?.toLowerCase();
  const finalIndex =
    target === undefined
      ? stages.length - 1
      : stages.findIndex((stage, index) => stage.name === target || String(index) === target);
  if (finalIndex < 0) {
    throw new DockerfileError(
      stages.length === 0
        ? {
            what: 'The Dockerfile has no FROM line.',
            why: 'Every image starts from one; the file may be empty or not be a Dockerfile.',
            next: 'Name the right file with --file.',
          }
        : {
            what: `The Dockerfile has no stage "${options.target}".`,
            why: `Its stages are ${stages.map((stage, index) => stage.name ?? index).join(', ')}.`,
            next: 'Name one of them with --target.',
          },
    );
  }

  const image = (index: number): StageImage => {
    const { from, instructions } = stages[index]!;
    const line = from.getRange().start.line + 1;
    const baseName = globalExpand(from.getImage() ?? '');
    const parentIndex = stages.findIndex((stage, other) => other < index && stage.name === baseName.toLowerCase());
    const platform = from.getPlatformFlag()?.getValue();
    const current: StageImage =
      parentIndex >= 0
        ? image(parentIndex)
        : { base: { value: baseName, line }, labels: new Map(), environment: new Map(), exposedPorts: [] };
    if (platform) current.platform = { value: globalExpand(platform), line };
    const stageArguments = new Map<string, string>();
    const expandHere = (words: string) =>
      // An ENV beats an ARG of the same name (Dockerfile reference, "Using ARG variables").
      expand(words, name => current.environment.get(name) ?? stageArguments.get(name), escapeCharacter);
    for (const instruction of instructions) {
      apply(instruction, current, { stageArguments, globalArguments, buildArguments, expandHere });
    }
    return current;
  };
  return image(finalIndex);
}

interface Scope {
  readonly stageArguments: Map<string, string>;
  readonly globalArguments: ReadonlyMap<string, string>;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly expandHere: (words: string) => string;
}

function apply(instruction: Instruction, image: StageImage, scope: Scope): void {
  const line = instruction.getRange().start.line + 1;
  const words = instruction.getArgumentsContent()?.trim() ?? '';
  switch (instruction.getKeyword()) {
    case 'ARG': {
      const property = (instruction as Arg).getProperty();
      if (!property) return;
      const name = property.getName();
      const value =
        scope.buildArguments[name] ?? expandValue(property, scope.expandHere) ?? scope.globalArguments.get(name);
      if (value !== undefined) scope.stageArguments.set(name, value);
      return;
    }
    case 'ENV': {
      // All of one instruction see the environment from before it (Dockerfile reference, "Environment replacement").
      const assigned = (instruction as Env)
        .getProperties()
        .map(property => [property.getName(), expandValue(property, scope.expandHere) ?? ''] as const);
      for (const [name, value] of assigned) image.environment.set(name, value);
      return;
    }
    case 'LABEL':
      for (const property of (instruction as Label).getProperties()) {
        const value = expandValue(property, scope.expandHere) ?? '';
        image.labels.set(scope.expandHere(property.getName().replace(/^(["'])(.*)\1$/, '$2')), {
          value,
          line: property.getRange().start.line + 1,
        });
      }
      return;
    case 'ENTRYPOINT': {
      const entrypoint = entrypointOf(words);
      if (entrypoint.words.length === 0) delete image.entrypoint;
      else image.entrypoint = { value: entrypoint, line };
      return;
    }
    case 'USER':
      image.user = { value: scope.expandHere(words), line };
      return;
    case 'EXPOSE':
      for (const port of scope.expandHere(words).split(/\s+/)) {
        if (port !== '') image.exposedPorts.push({ value: port, line });
      }
      return;
  }
}

/** The exec form is valid JSON and nothing else: single quotes make it the shell form (Dockerfile reference, "Exec form"). */
function entrypointOf(words: string): StatedEntrypoint {
  if (words.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(words);
      if (Array.isArray(parsed) && parsed.every(word => typeof word === 'string')) {
        return { form: 'exec', words: parsed };
      }
    } catch {
      // The builder does the same: what is not JSON is a command for the shell.
    }
  }
  return { form: 'shell', words: words === '' ? [] : [words] };
}

function expandValue(
  property: { getValue(): string | null; getUnescapedValue(): string | null },
  expandWords: (words: string) => string,
): string | undefined {
  const value = property.getValue();
  if (value === null) return undefined;
  // Single quotes keep a dollar sign as it is.
  return property.getUnescapedValue()?.startsWith("'") ? value : expandWords(value);
}

/** `$name`, `${name}`, `${name:-word}`, `${name:+word}` and the forms without colon. */
function expand(words: string, lookUp: (name: string) => string | undefined, escapeCharacter: string): string {
  let result = '';
  for (let position = 0; position < words.length; position++) {
    const character = words[position]!;
    if (character === escapeCharacter && words[position + 1] === '$') {
      result += '$';
      position++;
      continue;
    }
    const rest = words.slice(position);
    const plain = /^\$([A-Za-z_]\w*)/.exec(rest);
    const open = /^\$\{([A-Za-z_]\w*)(?:(:?)([-+?]))?/.exec(rest);
    if (plain) {
      result += lookUp(plain[1]!) ?? '';
      position += plain[0].length - 1;
    } else if (open) {
      const end = closingBrace(rest, open[0].length);
      if (end < 0) return result + rest;
      const value = lookUp(open[1]!);
      const isSet = open[2] === ':' ? value !== undefined && value !== '' : value !== undefined;
      const word = () => expand(rest.slice(open[0].length, end), lookUp, escapeCharacter);
      if (open[3] === '-') result += isSet ? value : word();
      else if (open[3] === '+') result += isSet ? word() : '';
      else result += value ?? '';
      position += end;
    } else {
      result += character;
    }
  }
  return result;
}

function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let position = start; position < text.length; position++) {
    if (text.startsWith('${', position)) depth++;
    else if (text[position] === '}' && --depth === 0) return position;
  }
  return -1;
}

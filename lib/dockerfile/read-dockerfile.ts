import type { Arg, Env, From, Instruction, Label, Property } from 'dockerfile-ast';
import { IMAGE_PLATFORM } from '../contract';
import { DockerfileError } from './dockerfile-error';
import { expandWord } from './expand-word';

/** Longest Dockerfile, in characters. The kit's own bound. */
const TEXT_LIMIT = 1024 * 1024;

/** Longest line, in characters: BuildKit's own limit (moby/buildkit, `frontend/dockerfile/parser`, one scanner token). */
const LINE_LIMIT = 65_535;

/** Most stages. The kit's own bound. */
const STAGE_LIMIT = 500;

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

/** The settings of the image of a Dockerfile's final stage, with those of the stages that it builds on. */
export interface DockerfileImage {
  /** The image under the first stage of the chain, or `scratch`. Its own settings are not known here. */
  readonly base: Stated<string>;
  readonly labels: ReadonlyMap<string, Stated<string>>;
  readonly entrypoint?: Stated<StatedEntrypoint>;
  readonly user?: Stated<string>;
  /** Exposed ports as written after expansion, such as `8080/tcp` or `8000-8100`. */
  readonly exposedPorts: readonly Stated<string>[];
  /** `FROM --platform` of the final stage's base, expanded. */
  readonly platform?: Stated<string>;
}

/** The stage of a Dockerfile that is built, and the arguments of the build. */
export interface DockerfileBuild {
  /**
   * `--target` of the build: a stage's name or number.
   *
   * @default the last stage
   */
  readonly target?: string;
  /**
   * `--build-arg` of the build, by name.
   *
   * @default - the defaults in the Dockerfile
   */
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** Arguments that BuildKit predefines for FROM lines, for a build of the platform's image on a machine of the same kind. */
const PLATFORM_ARGUMENTS: Readonly<Record<string, string>> = {
  TARGETPLATFORM: IMAGE_PLATFORM,
  TARGETOS: 'linux',
  TARGETARCH: 'amd64',
};

interface Stage {
  /** In lower case. */
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
 * @throws DockerfileError when there is no stage to read, or when it is larger than any Dockerfile
 */
export function readDockerfile(text: string, { target, buildArgs = {} }: DockerfileBuild = {}): DockerfileImage {
  throwIfTooLarge(text);
  // Loaded when a Dockerfile is read: an app whose images lie in a registry does not pay for the parser. `require`, because
  // constructs read Dockerfiles in their constructors, which cannot await an import().
  const { DockerfileParser } = require('dockerfile-ast') as typeof import('dockerfile-ast');
  const dockerfile = DockerfileParser.parse(text);
  const escapeCharacter = dockerfile.getEscapeCharacter();
  const globalArguments = new Map<string, string>(Object.entries(PLATFORM_ARGUMENTS));
  const globalExpand = (words: string) => expandWord(words, name => globalArguments.get(name), escapeCharacter);
  const stages: Stage[] = [];
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      stages.push({ from, instructions: [], name: from.getBuildStage()?.toLowerCase() });
    } else if (stages.length > 0) {
      stages[stages.length - 1]!.instructions.push(instruction);
    } else if (instruction.getKeyword() === 'ARG') {
      for (const property of (instruction as Arg).getProperties()) {
        const value = buildArgs[property.getName()] ?? assignedValue(property, globalExpand);
        if (value !== undefined) globalArguments.set(property.getName(), value);
      }
    }
  }

  if (stages.length > STAGE_LIMIT) throw tooLarge(`has more than ${STAGE_LIMIT} stages`);

  const image = (index: number): StageImage => {
    const { from, instructions } = stages[index]!;
    const line = from.getRange().start.line + 1;
    const baseName = globalExpand(from.getImage() ?? '');
    const parentIndex = stageNamed(stages.slice(0, index), baseName);
    const platform = from.getPlatformFlag()?.getValue();
    const current: StageImage =
      parentIndex >= 0
        ? image(parentIndex)
        : { base: { value: baseName, line }, labels: new Map(), environment: new Map(), exposedPorts: [] };
    if (platform) current.platform = { value: globalExpand(platform), line };
    const stageArguments = new Map<string, string>();
    const expand = (words: string) =>
      // An ENV beats an ARG of the same name (Dockerfile reference, "Using ARG variables").
      expandWord(words, name => current.environment.get(name) ?? stageArguments.get(name), escapeCharacter);
    for (const instruction of instructions) {
      apply(instruction, current, { stageArguments, globalArguments, buildArgs, expand });
    }
    return current;
  };
  return image(targetIndex(stages, target));
}

function throwIfTooLarge(text: string): void {
  if (text.length > TEXT_LIMIT) throw tooLarge(`has more than ${TEXT_LIMIT} characters`);
  let start = 0;
  for (let line = 1; start < text.length; line++) {
    const end = text.indexOf('\n', start);
    const length = (end < 0 ? text.length : end) - start;
    if (length > LINE_LIMIT) throw tooLarge(`has more than ${LINE_LIMIT} characters in line ${line}`);
    start += length + 1;
  }
}

function tooLarge(what: string): DockerfileError {
  return new DockerfileError({
    what: `The Dockerfile ${what}.`,
    why: 'No builder takes such a file, or it is another file.',
    next: 'Name the right file.',
  });
}

/** The last stage of a name, in any case, or -1. */
function stageNamed(stages: readonly Stage[], name: string): number {
  return stages.findLastIndex(stage => stage.name === name.toLowerCase());
}

function targetIndex(stages: readonly Stage[], target: string | undefined): number {
  if (stages.length === 0) {
    throw new DockerfileError({
      what: 'The Dockerfile has no FROM line.',
      why: 'Every image starts from one; the file may be empty or not be a Dockerfile.',
      next: 'Name the right file.',
    });
  }
  if (target === undefined) return stages.length - 1;
  const named = stageNamed(stages, target);
  const index = named >= 0 ? named : stages.findIndex((_, index) => String(index) === target);
  if (index >= 0) return index;
  throw new DockerfileError({
    what: `The Dockerfile has no stage "${target}".`,
    why: `Its stages are ${stages.map((stage, index) => stage.name ?? index).join(', ')}.`,
    next: 'Name one of them as the target.',
  });
}

interface Scope {
  readonly stageArguments: Map<string, string>;
  readonly globalArguments: ReadonlyMap<string, string>;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly expand: (words: string) => string;
}

function apply(instruction: Instruction, image: StageImage, scope: Scope): void {
  const line = instruction.getRange().start.line + 1;
  const words = instruction.getArgumentsContent()?.trim() ?? '';
  switch (instruction.getKeyword()) {
    case 'ARG':
      for (const property of (instruction as Arg).getProperties()) {
        const name = property.getName();
        const value = scope.buildArgs[name] ?? assignedValue(property, scope.expand) ?? scope.globalArguments.get(name);
        if (value !== undefined) scope.stageArguments.set(name, value);
      }
      return;
    case 'ENV': {
      // All of one instruction see the environment from before it (Dockerfile reference, "Environment replacement").
      const assigned = (instruction as Env)
        .getProperties()
        .map(property => [property.getName(), assignedValue(property, scope.expand) ?? ''] as const);
      for (const [name, value] of assigned) image.environment.set(name, value);
      return;
    }
    case 'LABEL':
      for (const property of (instruction as Label).getProperties()) {
        image.labels.set(scope.expand(property.getName()), {
          value: assignedValue(property, scope.expand) ?? '',
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
      image.user = { value: scope.expand(words), line };
      return;
    case 'EXPOSE':
      for (const port of scope.expand(words).split(/\s+/)) {
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

/** The value of an assignment, expanded; undefined where nothing is assigned. */
function assignedValue(property: Property, expand: (words: string) => string): string | undefined {
  // The parser's other reading has lost the backslash that keeps a dollar sign from being expanded.
  const written = property.getUnescapedValue();
  return written === null ? undefined : expand(written);
}

import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  type Arg,
  DockerfileParser,
  type Env,
  type From,
  type Instruction,
  type Label,
  type Property,
} from 'dockerfile-ast';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_LINE, BIDIRECTIONAL_LABEL_VALUE, ExplainedError } from '../contract';

/** The image of a Dockerfile would not carry the label by which the platform routes streams to it. */
export class DockerfileLabelError extends ExplainedError {}

/** Which image of a Dockerfile is built, and with what. */
export interface DockerfileBuild {
  /** Name or number of the stage to build; the last one when absent. */
  readonly target?: string;
  /** Values of `ARG`s that are given to the build. */
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/**
 * Refuses a Dockerfile whose image would not carry the streaming label.
 *
 * The label counts in the stage that is built and in every stage of the file that this one stands on. A base image from a
 * registry may carry it too, but that cannot be seen here, so it has to be said again.
 *
 * @throws DockerfileLabelError when the file is not there, or the label is missing or is not `true`.
 */
export function requireStreamingLabel(directory: string, file = 'Dockerfile', build: DockerfileBuild = {}): void {
  const dockerfile = path.join(directory, file);
  let text: string;
  try {
    text = fs.readFileSync(dockerfile, 'utf8');
  } catch (cause) {
    throw new DockerfileLabelError(
      {
        what: `There is no Dockerfile at ${dockerfile}.`,
        why: 'The image of a streaming container is built from a Dockerfile.',
        next: 'Name the directory that holds it, and the file when it is not called Dockerfile.',
      },
      { cause },
    );
  }
  const value = labelValue(text, build);
  if (value === BIDIRECTIONAL_LABEL_VALUE) return;
  throw new DockerfileLabelError({
    what:
      value === undefined
        ? `${dockerfile} does not set the label ${BIDIRECTIONAL_LABEL} in ${stageInWords(build)}.`
        : `${dockerfile} sets the label ${BIDIRECTIONAL_LABEL} to "${value}" in ${stageInWords(build)}.`,
    why: `SageMaker refuses to route streams to an image whose label is not "${BIDIRECTIONAL_LABEL_VALUE}".`,
    next: `Add this line to that stage: ${BIDIRECTIONAL_LABEL_LINE}`,
  });
}

function stageInWords({ target }: DockerfileBuild): string {
  return target === undefined ? 'its last stage' : `stage "${target}"`;
}

/** One stage: its `FROM` and what follows, up to the next. */
interface Stage {
  readonly from: From;
  readonly instructions: readonly Instruction[];
}

/** The streaming label's value on the image that a build makes, or `undefined`. */
export function labelValue(text: string, { target, buildArgs = {} }: DockerfileBuild = {}): string | undefined {
  const { globals, stages } = split(DockerfileParser.parse(text).getInstructions());
  const globalArgs: Record<string, string> = {};
  for (const arg of globals) declareArgs(arg, globalArgs, buildArgs);

  const index = target === undefined ? stages.length - 1 : stageIndex(stages, target);
  let value: string | undefined;
  const environment: Record<string, string> = {};
  for (const stage of lineage(stages, index, globalArgs)) {
    // ENV is inherited from stage to stage, ARG is not; and ENV wins over an ARG of the same name.
    const args: Record<string, string> = {};
    for (const instruction of stage.instructions) {
      const variables = () => ({ ...args, ...environment });
      switch (instruction.getKeyword()) {
        case 'ARG':
          declareArgs(instruction as Arg, args, { ...globalArgs, ...buildArgs }, variables());
          break;
        case 'ENV':
          for (const property of (instruction as Env).getProperties()) {
            environment[property.getName()] = propertyValue(property, variables());
          }
          break;
        case 'LABEL':
          for (const property of (instruction as Label).getProperties()) {
            if (expand(property.getName(), variables()) !== BIDIRECTIONAL_LABEL) continue;
            value = propertyValue(property, variables());
          }
          break;
      }
    }
  }
  return value;
}

function split(instructions: readonly Instruction[]): { globals: Arg[]; stages: Stage[] } {
  const globals: Arg[] = [];
  const stages: { from: From; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.getKeyword() === 'FROM') stages.push({ from: instruction as From, instructions: [] });
    else if (stages.length > 0) stages[stages.length - 1]!.instructions.push(instruction);
    else if (instruction.getKeyword() === 'ARG') globals.push(instruction as Arg);
  }
  return { globals, stages };
}

/** A stage by its name (any case, as Docker reads it) or number; -1 when there is none. */
function stageIndex(stages: readonly Stage[], name: string): number {
  const named = stages.findLastIndex(({ from }) => from.getBuildStage()?.toLowerCase() === name.toLowerCase());
  return named >= 0 || !/^\d+$/.test(name) || Number(name) >= stages.length ? named : Number(name);
}

/** The stages that make up an image, base first. */
function lineage(stages: readonly Stage[], index: number, globalArgs: Readonly<Record<string, string>>): Stage[] {
  const stage = stages[index];
  if (!stage) return [];
  const base = stageIndex(stages.slice(0, index), expand(stage.from.getImage() ?? '', globalArgs));
  return [...lineage(stages, base, globalArgs), stage];
}

/** Puts an ARG's variables into scope: the given value where there is one, else the default, else nothing. */
function declareArgs(
  arg: Arg,
  scope: Record<string, string>,
  given: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = scope,
): void {
  for (const property of arg.getProperties()) {
    const name = property.getName();
    if (given[name] !== undefined) scope[name] = given[name];
    else if (property.getValue() !== null) scope[name] = propertyValue(property, variables);
  }
}

/** A property's value as Docker reads it: between single quotes nothing is expanded. */
function propertyValue(property: Property, variables: Readonly<Record<string, string>>): string {
  // The parser's other reading has lost the backslash that keeps a dollar sign from being expanded.
  const written = property.getUnescapedValue() ?? '';
  const [, quote, inner] = /^(['"])(.*)\1$/s.exec(written) ?? [];
  return quote === "'" ? inner! : expand(inner ?? written, variables);
}

/** Dockerfile variable expansion: `$name`, `${name}`, `${name:-default}`, `${name:+replacement}`; `\$` is a dollar sign. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\\\$|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (match, bare?: string, braced?: string, operator?: string, operand = '') => {
      if (match === '\\$') return '$';
      const value = variables[bare ?? braced!] ?? '';
      if (operator === '-') return value || expand(operand, variables);
      if (operator === '+') return value && expand(operand, variables);
      return value;
    },
  );
}

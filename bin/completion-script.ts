import type { Command, Option } from 'commander';
import type { Repeatable } from './key-value';

/** The shells that can be completed. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A completion script for a program, made from its commands: every word it knows, with the summaries where the shell shows them. */
export function completionScript(shell: Shell, program: Command): string {
  return { bash, zsh, fish }[shell](program);
}

function bash(program: Command): string {
  const name = program.name();
  const cases = program.commands.map(command => {
    const words = [...command.options.flatMap(flags), '--help', ...argumentChoices(command)].join(' ');
    const values = command.options
      .filter(option => option.argChoices)
      .map(option => `        ${flags(option).join('|')}) words="${option.argChoices!.join(' ')}" ;;\n`)
      .join('');
    const previous = values === '' ? '' : `      case "$previous" in\n${values}      esac\n`;
    return `    ${command.name()})\n      words="${words}"\n${previous}      ;;\n`;
  });
  return `# Completion of ${name} for bash.
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "\${COMP_CWORD:-0}" in
    1) words="${program.commands.map(command => command.name()).join(' ')} --help --version" ;;
    *) case "\${COMP_WORDS[1]}" in
${cases.join('').replace(/^/gm, '  ').trimEnd()}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}

function zsh(program: Command): string {
  const name = program.name();
  const commands = program.commands
    .map(command => `    '${quoted(`${command.name()}:${command.summary()}`)}'\n`)
    .join('');
  const cases = program.commands.map(command => {
    const specifications = command.options.map(zshOption);
    const choices = argumentChoices(command);
    const operand = choices.length > 0 ? `'*:word:(${choices.join(' ')})'` : "'*:file:_files'";
    return `    ${command.name()}) _arguments ${[...specifications, operand].join(' \\\n        ')} ;;\n`;
  });
  return `#compdef ${name}
# Completion of ${name} for zsh.
_${name}() {
  local -a commands
  commands=(
${commands}  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('')}  esac
}
_${name} "$@"
`;
}

function zshOption(option: Option): string {
  const description = quoted(option.description.replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:'));
  const value = takesValue(option) ? `:${option.attributeName()}:${zshValues(option)}` : '';
  const repeat = isRepeatable(option) ? '*' : '';
  return flags(option)
    .map(flag => `'${repeat}${flag}[${description}]${value}'`)
    .join(' ');
}

function zshValues(option: Option): string {
  if (option.argChoices) return `(${option.argChoices.join(' ')})`;
  return /<(file|dir|directory|path)>/.test(option.flags) ? '_files' : ' ';
}

function fish(program: Command): string {
  const name = program.name();
  const lines = [`# Completion of ${name} for fish.`];
  for (const command of program.commands) {
    lines.push(
      `complete -c ${name} -f -n __fish_use_subcommand -a ${command.name()} -d '${quoted(command.summary())}'`,
    );
  }
  for (const command of program.commands) {
    const when = `-n '__fish_seen_subcommand_from ${command.name()}'`;
    for (const choice of argumentChoices(command)) lines.push(`complete -c ${name} -f ${when} -a ${choice}`);
    for (const option of command.options) {
      const short = option.short ? ` -s ${option.short.slice(1)}` : '';
      const long = option.long ? ` -l ${option.long.slice(2)}` : '';
      const values = option.argChoices ? ` -x -a '${option.argChoices.join(' ')}'` : takesValue(option) ? ' -r' : '';
      lines.push(`complete -c ${name} ${when}${short}${long}${values} -d '${quoted(option.description)}'`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function flags(option: Option): string[] {
  return [option.short, option.long].filter(flag => flag !== undefined && flag !== null);
}

function isRepeatable({ variadic, parseArg }: Option): boolean {
  return variadic || (parseArg as Partial<Repeatable> | undefined)?.isRepeatable === true;
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function argumentChoices(command: Command): readonly string[] {
  return command.registeredArguments.flatMap(argument => argument.argChoices ?? []);
}

/** Inside single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}

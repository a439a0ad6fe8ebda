import { wrappedHelp } from '../../bin/help-text';
import { program } from '../../bin/program';
import { helpText } from '../../docs/generate/cli';

const bidi = program();

test.each([bidi, ...bidi.commands].map(command => ({ name: command.name(), command })))(
  'the help of $name fits a terminal of 80 columns',
  ({ command }) => {
    expect(
      helpText(command)
        .split('\n')
        .filter(line => line.length > 80),
    ).toEqual([]);
  },
);

test('prose is wrapped, a row stays in its column, a command is continued', () => {
  const long = 'word '.repeat(20).trim();
  expect(
    wrappedHelp(`\n${long}\n  name   ${long}\n  bidi invoke hello --endpoint ${'e'.repeat(40)} --region r | jq .`)(),
  ).toMatchInlineSnapshot(`
"
word word word word word word word word word word word word word word word word
word word word word
  name   word word word word word word word word word word word word word word
         word word word word word word
  bidi invoke hello --endpoint eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee \\
    --region r | jq ."
`);
});

test('the commands are grouped by what they are for, the first to try first', () => {
  const groups = [...helpText(program()).matchAll(/^(\w.*):\n {2}(\w+)/gm)].map(
    ([, group, command]) => `${group}: ${command}`,
  );
  expect(groups).toEqual(['Try here: demo', 'Deploy: init', 'Stream: invoke', 'Operate: status', 'More: completion']);
});

test.each([
  [['invok'], 'npx bidi --help'],
  [['invoke', '--nope'], 'npx bidi invoke --help'],
  [['status', '--region'], 'npx bidi status --help'],
])('a mistake in %j ends with the one next command', async (words, next) => {
  const told: string[] = [];
  const commandLine = program();
  for (const command of [commandLine, ...commandLine.commands])
    command.configureOutput({ writeErr: text => told.push(text) });
  await expect(commandLine.parseAsync(words, { from: 'user' })).rejects.toThrow(/^error: /);
  expect(told.join('').trimEnd().split('\n').at(-1)).toBe(`  next: ${next}`);
});

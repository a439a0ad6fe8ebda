import { fitted } from '../../bin/help-text';
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
    fitted(`\n${long}\n  name   ${long}\n  bidi invoke hello --endpoint ${'e'.repeat(40)} --region r | jq .`)(),
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

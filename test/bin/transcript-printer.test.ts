import { LiveLine, type Output } from '../../bin/terminal';
import { type TranscriptFormat, TranscriptPrinter } from '../../bin/transcript-printer';
import { printable } from '../../lib/report/printable';
import type { ListenMessage } from '../../lib/speech';
import { Screen } from './support/screen';

const results = (transcript: string, isFinal: boolean, start = 0) =>
  ({
    type: 'Results',
    start,
    duration: 1,
    is_final: isFinal,
    speech_final: isFinal,
    channel: {
      alternatives: [
        { transcript, confidence: 1, words: [{ word: transcript, start, end: start + 1, confidence: 1 }] },
      ],
    },
  }) as ListenMessage;

/** Speaks two sentences; calls `look` when there is something to look at. */
function session(printer: TranscriptPrinter, look: (moment: string) => void = () => undefined): void {
  printer.sent(0.1);
  look('audio is sent');
  printer.message(results('I need help', false));
  printer.sent(1.25);
  look('words are heard');
  printer.message(results('I need help with my account balance.', true));
  look('a sentence is final');
  printer.message(
    results(`I can help with that ${'and with everything else that you may want to ask '.repeat(3)}today`, false, 2),
  );
  printer.sent(65.4);
  look('more is heard than fits');
  printer.message({ type: 'Unknown', text: '{"type":"Novelty"}' });
  printer.message(results('I can help with that.', true, 2));
  printer.message(results('And recent', false, 3));
  printer.end();
  look('the end');
}

function pipe(): Output & { text: string } {
  return {
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

const print = (format: TranscriptFormat) => {
  const stdout = pipe();
  const stderr = pipe();
  session(new TranscriptPrinter({ format, stdout, stderr, totalSeconds: 70 }));
  return { stdout: stdout.text, stderr: stderr.text };
};

describe('a transcript on a terminal of 80 columns', () => {
  it('has one line below the final ones that follows the speech', () => {
    const screen = new Screen();
    const moments: string[] = [];
    session(new TranscriptPrinter({ format: 'text', stdout: screen, stderr: screen, totalSeconds: 70 }), moment =>
      moments.push(`— ${moment}\n${screen}`),
    );
    expect(moments.join('\n')).toMatchInlineSnapshot(`
"— audio is sent
0:00.1 / 1:10.0
— words are heard
0:01.2 / 1:10.0  I need help
— a sentence is final
I need help with my account balance.
0:01.2 / 1:10.0
— more is heard than fits
I need help with my account balance.
1:05.4 / 1:10.0  …o ask and with everything else that you may want to ask today
— the end
I need help with my account balance.
I can help with that.
And recent
"
`);
  });

  it('shows the live line also where the final ones go into a file', () => {
    const screen = new Screen();
    const stdout = pipe();
    const seen: string[] = [];
    session(new TranscriptPrinter({ format: 'srt', stdout, stderr: screen }), () => seen.push(`${screen}`));
    expect(seen[1]).toBe('0:01.2  I need help');
    expect(seen.at(-1)).toBe('');
    expect(stdout.text).not.toContain('\x1b');
  });
});

describe('a transcript in a pipe', () => {
  it('is final lines and nothing else', () => {
    expect(print('text')).toMatchInlineSnapshot(`
{
  "stderr": "",
  "stdout": "I need help with my account balance.
I can help with that.
And recent
",
}
`);
  });

  it('is captions', () => {
    expect(print('srt').stdout).toMatchInlineSnapshot(`
"1
00:00:00,000 --> 00:00:01,000
I need help with my account balance.

2
00:00:02,000 --> 00:00:03,000
I can help with that.

3
00:00:03,000 --> 00:00:04,000
And recent

"
`);
    expect(print('vtt').stdout).toMatch(/^WEBVTT\n\n1\n00:00:00\.000 --> 00:00:01\.000\n/);
  });

  it('is every message as it came, a line each', () => {
    const lines = print('json')
      .stdout.trim()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(['Results', 'Results', 'Results', 'Novelty', 'Results', 'Results']);
  });
});

describe('LiveLine', () => {
  it('keeps the end of what does not fit, by columns', () => {
    for (const text of ['x'.repeat(200), '漢字'.repeat(40), `a${'漢'.repeat(9)}`, '🎙️x'.repeat(30)]) {
      for (const columns of [10, 11, 80]) {
        const screen = new Screen(columns);
        new LiveLine(screen).show('', text);
        const [shown] = screen.toString().split('\n');
        const width = [...shown!].reduce(
          (sum, character) => sum + (/[\u2e80-\ua4cf]|\p{Extended_Pictographic}/u.test(character) ? 2 : 1),
          0,
        );
        expect(width).toBeLessThanOrEqual(columns - 1);
        expect(text.endsWith(shown!.replace('…', ''))).toBe(true);
      }
    }
  });

  it('does not let the model move the cursor', () => {
    expect(printable('a\x1b[2Jb\x07\r\nc\x9b1m')).toBe('a\\x1b[2Jb\\x07\\x0d\\x0ac\\x9b1m');
  });

  it('writes nothing where there is no terminal', () => {
    const output = pipe();
    const line = new LiveLine(output);
    line.show('x');
    line.clear();
    expect(output.text).toBe('');
  });
});

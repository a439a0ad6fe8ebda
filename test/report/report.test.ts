import { renderJson, renderJUnit, renderSarif, renderTable } from '../../lib/report';
import type { Finding, Report } from '../../lib/report/finding';
import { countVerdicts, fail, finding, isClean, strict } from '../../lib/report/finding';

const RULE = { rule: 'It is so.', source: 'RFC 6455, section 5.4' };

const REPORT: Report = {
  command: 'check',
  subject: 'my container/Dockerfile',
  findings: [
    { ...RULE, name: 'first', verdict: 'pass', seen: 'it is', elapsedMs: 1_234 },
    {
      ...RULE,
      name: 'second-and-longer',
      verdict: 'fail',
      seen: `it is <not> & "never" \u0000 was; ${'word '.repeat(30)}end`,
      next: 'Mend it.',
      location: { file: 'my container/Dockerfile', line: 7 },
    },
    { ...RULE, name: 'third', verdict: 'warn', seen: 'nearly', next: 'Look at it.' },
    { ...RULE, name: 'fourth', verdict: 'skip', seen: 'not looked at' },
  ],
};

test('counts and cleanness', () => {
  expect(countVerdicts(REPORT.findings)).toEqual({ pass: 1, warn: 1, fail: 1, skip: 1 });
  expect(isClean(REPORT.findings)).toBe(false);
  expect(isClean(REPORT.findings.filter(finding => finding.verdict !== 'fail'))).toBe(true);
  expect(isClean([])).toBe(true);
});

test('advice that is broken is a warning, and a failure only of a strict run', () => {
  const advice = finding({ ...RULE, name: 'a', isAdvice: true }, fail('it is not', 'Change it.'));
  expect(advice).toMatchObject({ verdict: 'warn', seen: 'it is not', next: 'Change it.' });
  expect(finding({ ...RULE, name: 'a' }, fail('it is not', 'Change it.')).verdict).toBe('fail');
  expect(isClean([advice])).toBe(true);
  expect(isClean(strict([advice]))).toBe(false);
});

test('what a container says cannot move the cursor, hide or forge a line', () => {
  const said = 'closed: \u001b[2J\u001b]0;title\u0007\u202egnp.exe\rPASS all\nPASS  all';
  const found = finding({ ...RULE, name: 'a' }, fail(said, said));
  expect(found.seen).toBe('closed: \\x1b[2J\\x1b]0;title\\x07\\u202egnp.exe\\x0dPASS all\nPASS  all');
  const text = renderTable({ ...REPORT, subject: said, findings: [found] });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text).not.toMatch(/^PASS/m);
});

describe('table', () => {
  test('folds neighbours that were skipped for the same reason', () => {
    const skipped = (name: string, seen: string): Finding => ({ ...RULE, name, verdict: 'skip', seen });
    const findings = [
      skipped('one', 'not ready'),
      skipped('two', 'not ready'),
      skipped('three', 'no echo'),
      { ...RULE, name: 'four', verdict: 'pass', seen: 'fine' } as const,
      skipped('five', 'not ready'),
    ];
    const text = renderTable({ ...REPORT, findings });
    expect(text).toMatch(/^SKIP {2}2 checks +not ready: one, two$/m);
    expect(text).toMatch(/^SKIP {2}three +no echo$/m);
    expect(text).toMatch(/^SKIP {2}five +not ready$/m);
    expect(text).toMatch(/5 checks: 1 passed, 0 warnings, 0 failed, 4 skipped\n$/);
  });

  const lines = (options?: Parameters<typeof renderTable>[1]) => renderTable(REPORT, options).split('\n');

  test('fits the terminal and aligns what was seen', () => {
    for (const width of [80, 60, 120]) {
      expect(Math.max(...lines({ width }).map(line => line.length))).toBeLessThanOrEqual(width);
    }
    expect(lines()[2]).toBe('PASS  first              it is');
    expect(lines().find(line => line.startsWith('WARN'))).toBe('WARN  third              nearly');
  });

  test('tells rule, source and next step of what did not pass only', () => {
    const text = renderTable(REPORT);
    expect(text.match(/rule: It is so\. \(RFC 6455, section 5\.4\)/g)).toHaveLength(2);
    expect(text).toContain('next: Mend it.');
    expect(text).toMatch(/4 checks: 1 passed, 1 warning, 1 failed, 1 skipped\n$/);
  });

  test('keeps a long word whole, so that it can be copied', () => {
    const word = `arn:aws:sagemaker:us-east-1:123456789012:endpoint/${'x'.repeat(90)}`;
    const findings: Finding[] = [{ ...RULE, name: 'a', verdict: 'pass', seen: `see ${word} there` }];
    expect(renderTable({ ...REPORT, findings })).toContain(word);
  });

  test('colours the verdict only when asked', () => {
    expect(renderTable(REPORT)).not.toContain('\u001b');
    expect(renderTable(REPORT, { color: true })).toContain('\u001b[31mFAIL\u001b[0m');
  });
});

test('JSON holds the findings as they are, and the counts', () => {
  expect(JSON.parse(renderJson(REPORT))).toEqual({ ...REPORT, counts: { pass: 1, warn: 1, fail: 1, skip: 1 } });
});

describe('JUnit', () => {
  const xml = renderJUnit(REPORT);

  test('is well-formed, whatever a container has said', () => {
    const open: string[] = [];
    for (const [, close, name, selfClosed] of xml.matchAll(/<(\/?)([a-z-]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!selfClosed) open.push(name!);
    }
    expect(open).toEqual([]);
    expect(xml.replace(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
    expect(xml).toContain('it is &lt;not&gt; &amp; &quot;never&quot; \ufffd was');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(xml).not.toMatch(/[\u0000-\u0008]/);
  });

  test('counts, times and places what it tells', () => {
    expect(xml).toContain('<testsuites tests="4" failures="1" errors="0" skipped="1" time="1.234">');
    expect(xml).toContain('name="first" time="1.234"');
    expect(xml).toContain('file="my container/Dockerfile" line="7"');
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml.match(/<skipped /g)).toHaveLength(1);
    expect(xml).toContain('<system-out>warning\n');
  });
});

test('SARIF tells rules once, and every result with a place', () => {
  const findings = [...REPORT.findings, { ...REPORT.findings[2]!, seen: 'nearly again' }];
  const { version, runs } = JSON.parse(renderSarif({ ...REPORT, findings }, { version: '1.2.3' }));
  expect(version).toBe('2.1.0');
  const [{ tool, results }] = runs;
  expect(tool.driver).toMatchObject({ name: 'bidi check', semanticVersion: '1.2.3' });
  expect(tool.driver.rules.map((rule: { id: string }) => rule.id)).toEqual([
    'first',
    'second-and-longer',
    'third',
    'fourth',
  ]);
  expect(results.map((result: { kind: string; level: string }) => `${result.kind} ${result.level}`)).toEqual([
    'pass none',
    'fail error',
    'fail warning',
    'notApplicable none',
    'fail warning',
  ]);
  for (const result of results) {
    expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(result.locations[0].physicalLocation.artifactLocation.uri).toBe('my%20container/Dockerfile');
  }
  expect(results[1].locations[0].physicalLocation.region).toEqual({ startLine: 7 });
  expect(results[0].locations[0].physicalLocation.region).toBeUndefined();
});

import type { Finding, FindingLocation, Report, Verdict } from './finding';

/** Fields of SARIF's `tool.driver`: the program that made a report. */
export interface SarifTool {
  /** Version of the kit. */
  readonly version: string;
}

const KINDS: Readonly<Record<Verdict, { readonly kind: string; readonly level: string }>> = {
  // SARIF 2.1.0, 3.27.9 and 3.27.10: the level of everything but `fail` is `none`.
  pass: { kind: 'pass', level: 'none' },
  skip: { kind: 'notApplicable', level: 'none' },
  warn: { kind: 'fail', level: 'warning' },
  fail: { kind: 'fail', level: 'error' },
};

/**
 * A report in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as code-scanning services read it: one rule
 * per check, one result per finding, every result with a location because code scanning drops those without.
 */
export function renderSarif(report: Report, tool: SarifTool): string {
  const rules = [...new Map(report.findings.map(finding => [finding.name, finding])).values()];
  const ruleIndex = new Map(rules.map((finding, index) => [finding.name, index]));
  return `${JSON.stringify(
    {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: `bidi ${report.command}`,
              semanticVersion: tool.version,
              rules: rules.map(finding => ({
                id: finding.name,
                shortDescription: { text: finding.rule },
                fullDescription: { text: `${finding.rule} Source: ${finding.source}.` },
                ...(finding.next === undefined ? {} : { help: { text: finding.next } }),
              })),
            },
          },
          results: report.findings.map(finding => ({
            ruleId: finding.name,
            ruleIndex: ruleIndex.get(finding.name),
            ...KINDS[finding.verdict],
            message: { text: finding.next === undefined ? finding.seen : `${finding.seen} Next: ${finding.next}` },
            locations: [location(finding, report)],
          })),
        },
      ],
    },
    null,
    2,
  )}\n`;
}

function location(finding: Finding, report: Report): object {
  const place: FindingLocation = finding.location ?? { file: report.subject };
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(place.file.replace(/\\/g, '/')) },
      ...(place.line === undefined ? {} : { region: { startLine: place.line } }),
    },
  };
}

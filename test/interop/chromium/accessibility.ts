import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Impacts that a page must not have. */
const SERIOUS = ['serious', 'critical'];

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds on the page as it stands, in light and in dark, each in a line: serious and critical faults alone. */
export async function seriousFaults(page: Page, view: string): Promise<string[]> {
  await page.evaluate(AXE);
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = (await page.evaluate('axe.run()')) as { readonly violations: readonly Violation[] };
    for (const { id, impact, nodes } of violations) {
      if (!SERIOUS.includes(impact)) continue;
      faults.push(
        ...nodes.map(({ html, failureSummary }) => `${view}, ${colorScheme}: ${id}: ${html}\n${failureSummary}`),
      );
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return faults;
}

import type { Page } from 'playwright-core';

/** Pictures for docs/inspector.md in light and dark, where `INSPECTOR_PICTURES` names a directory. */
export async function takePicture(page: Page, name: string, height = 640): Promise<void> {
  const directory = process.env.INSPECTOR_PICTURES;
  if (!directory) return;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 900, height });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300); // the canvases are drawn anew
    await page.screenshot({ path: `${directory}/${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

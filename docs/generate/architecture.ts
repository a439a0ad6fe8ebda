/** Renders docs/architecture.dot to one SVG a theme. `npm run docs:architecture`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const THEMES = {
  light: {
    text: '#1f2328',
    muted: '#59636e',
    line: '#8c959f',
    box: '#f6f8fa',
    accent: '#0969da',
    accentBox: '#ddf4ff',
  },
  dark: { text: '#f0f6fc', muted: '#9198a1', line: '#6e7681', box: '#161b22', accent: '#4493f8', accentBox: '#0c2d6b' },
} as const;

/** The picture in one theme, as SVG. */
export async function renderArchitecture(theme: keyof typeof THEMES): Promise<string> {
  const colours: Readonly<Record<string, string>> = THEMES[theme];
  const source = readFileSync(join(__dirname, '..', 'architecture.dot'), 'utf8').replace(/^\/\/.*$/gm, '');
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  const svg = viz.renderString(
    source.replace(/\$(\w+)/g, (_, name: string) => colours[name]!),
    { format: 'svg' },
  );
  // The first line of a box is its name. Graphviz sets bold text only in HTML labels, whose lines it then anchors at their
  // start by its own guess of the font's width, so that other fonts leave the box.
  return svg
    .slice(svg.indexOf('<svg'))
    .replace(/(<g id="node\d+" class="node">[\s\S]*?<text )/g, '$1font-weight="bold" ');
}

/** Where the picture of a theme is kept. */
export function architectureFile(theme: keyof typeof THEMES): string {
  return join(__dirname, '..', `architecture-${theme}.svg`);
}

async function main(): Promise<void> {
  for (const theme of Object.keys(THEMES) as (keyof typeof THEMES)[]) {
    writeFileSync(architectureFile(theme), await renderArchitecture(theme));
  }
}

if (require.main === module) void main();

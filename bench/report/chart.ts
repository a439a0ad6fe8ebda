import type { Measurement } from '../measurement';
import type { Results } from '../results';

const WIDTH = 760;
const LABEL_WIDTH = 130;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 25;
const PANEL_GAP = 42;
const TOP = 48;

/** The panels: messages a second at 50 connections, by the size of a message. */
const PANELS: readonly [id: string, title: string][] = [
  ['echo/50x320/messages', '320 B, 10 ms of speech'],
  ['echo/50x3200/messages', '3.2 kB, 100 ms of speech'],
  ['echo/50x65536/messages', '64 KiB'],
];

/** Echoes a second of each server, as an SVG that follows the reader's light or dark theme. */
export function renderChart(results: Results): string {
  const panels = PANELS.map(([id, title]) => ({ title, bars: results.measurements.filter(m => m.id === id) })).filter(
    panel => panel.bars.length > 0,
  );
  let y = TOP;
  const body: string[] = [];
  for (const { title, bars } of panels) {
    body.push(text(0, y + 12, title, 'panel'));
    y += 24;
    const most = Math.max(...bars.map(bar => bar.value));
    for (const bar of bars) {
      body.push(...row(bar, y, most));
      y += ROW_HEIGHT;
    }
    y += PANEL_GAP - ROW_HEIGHT;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="Echoes a second of each server, by message size">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .panel { font-weight: 600; fill: #59636e; }
  rect { fill: #8c959f; }
  .kit { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .panel { fill: #9198a1; }
    rect { fill: #656c76; }
    .kit { fill: #4493f8; }
  }
</style>
${text(0, 20, 'Echoes a second, 50 connections, one server process', 'title')}
${body.join('\n')}
</svg>
`;
}

function row({ subject, value }: Measurement, y: number, most: number): string[] {
  const width = Math.max(1, (value / most) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH));
  const kit = subject === 'echo container' ? ' class="kit"' : '';
  return [
    text(0, y + 13, subject),
    `<rect${kit} x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
    text(LABEL_WIDTH + width + 8, y + 13, Math.round(value).toLocaleString('en-US')),
  ];
}

function text(x: number, y: number, content: string, name?: string): string {
  const escaped = content.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`);
  return `<text${name ? ` class="${name}"` : ''} x="${x.toFixed(1)}" y="${y}">${escaped}</text>`;
}

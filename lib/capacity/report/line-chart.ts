import { escapeXml } from '../../report/escape-xml';

/** One line of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /**
   * Draw it dashed and above the others, so that a line that lies under it still shows.
   *
   * @default false
   */
  readonly isDashed?: boolean;
}

/** A straight line across the chart, with a label. */
export interface ChartMark {
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly label: string;
}

/** A chart of lines over a number. */
export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly ChartSeries[];
  readonly marks?: readonly ChartMark[];
  /**
   * Where the y axis ends though a line goes on: it leaves the chart at the top.
   *
   * @default - above the largest value
   */
  readonly yLimit?: number;
}

/** Size of a chart, in pixels. */
const CHART = { width: 720, height: 300 } as const;

const PLOT = { left: 64, top: 44, right: 700, bottom: 248 } as const;
const INK = 'fill="#1f2933" class="ink"';
const GRID = 'stroke="#d8dee4" class="grid"';
const MARK = '#d1453b';

/** Colours of the page for its charts: a picture of the charts, which has no style sheet, stays light. */
export const CHART_STYLE = '.paper { fill: var(--card); } .ink { fill: var(--text); } .grid { stroke: var(--line); }';
const FONT = "font-family=\"Helvetica, Arial, 'DejaVu Sans', 'Liberation Sans', sans-serif\"";

function renderLineChart(chart: LineChart, offsetY: number): string {
  const points = chart.series.flatMap(series => series.points);
  const marks = chart.marks ?? [];
  const xs = [...points.map(([x]) => x), ...marks.filter(mark => mark.axis === 'x').map(mark => mark.at)];
  const ys = [...points.map(([, y]) => y), ...marks.filter(mark => mark.axis === 'y').map(mark => mark.at)];
  const xTicks = ticks(Math.max(1, ...xs));
  const yTicks = ticks(Math.max(Number.EPSILON, Math.min(chart.yLimit ?? Number.POSITIVE_INFINITY, Math.max(...ys))));
  const scaleX = (x: number) => PLOT.left + (x / xTicks.at(-1)!) * (PLOT.right - PLOT.left);
  const scaleY = (y: number) => PLOT.bottom - (y / yTicks.at(-1)!) * (PLOT.bottom - PLOT.top);
  const parts = [
    `<text x="${PLOT.left}" y="20" font-size="15" font-weight="bold" ${INK}>${escapeXml(chart.title)}</text>`,
    ...yTicks.map(
      y =>
        `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${pixel(scaleY(y))}" y2="${pixel(scaleY(y))}" ${GRID}/>` +
        text(PLOT.left - 8, scaleY(y) + 4, number(y), 'end'),
    ),
    ...xTicks.map(x => text(scaleX(x), PLOT.bottom + 18, number(x), 'middle')),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, chart.xLabel, 'middle'),
    `<text transform="translate(16 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" font-size="12" text-anchor="middle" ${INK}>${escapeXml(chart.yLabel)}</text>`,
    ...marks.map(({ axis, at, label }) => {
      const line =
        axis === 'x'
          ? `x1="${pixel(scaleX(at))}" x2="${pixel(scaleX(at))}" y1="${PLOT.top}" y2="${PLOT.bottom}"`
          : `x1="${PLOT.left}" x2="${PLOT.right}" y1="${pixel(scaleY(at))}" y2="${pixel(scaleY(at))}"`;
      const place =
        axis === 'x'
          ? text(scaleX(at) - 4, PLOT.top + 12, label, 'end', `fill="${MARK}"`)
          : text(PLOT.right, scaleY(at) - 5, label, 'end', `fill="${MARK}"`);
      return `<line ${line} stroke="${MARK}" stroke-dasharray="5 4"/>${place}`;
    }),
    ...chart.series.toSorted(dashedLast).map(({ color, points: line, isDashed }) => {
      const path = line.map(([x, y]) => `${pixel(scaleX(x))},${pixel(scaleY(y))}`).join(' ');
      const dots = line
        .filter(([, y]) => y <= yTicks.at(-1)!)
        .map(([x, y]) => `<circle cx="${pixel(scaleX(x))}" cy="${pixel(scaleY(y))}" r="3" fill="${color}"/>`);
      return `<polyline points="${path}" clip-path="url(#plot)" fill="none" stroke="${color}" stroke-width="2"${isDashed ? DASHES : ''}/>${dots.join('')}`;
    }),
    ...chart.series.map(
      ({ name, color, isDashed }, index) =>
        `<line x1="${PLOT.left + 110 * index}" x2="${PLOT.left + 110 * index + 12}" y1="31" y2="31" stroke="${color}" stroke-width="3"${isDashed ? ' stroke-dasharray="4 3"' : ''}/>` +
        text(PLOT.left + 110 * index + 17, 35, name, 'start'),
    ),
  ];
  return `<g transform="translate(0 ${offsetY})" ${FONT}>${parts.join('')}</g>`;
}

const DASHES = ' stroke-dasharray="7 5"';

function dashedLast(one: ChartSeries, other: ChartSeries): number {
  return Number(one.isDashed ?? false) - Number(other.isDashed ?? false);
}

/** Charts above one another, as one SVG that needs nothing else: no style sheet, no script, no font of its own. */
export function renderCharts(charts: readonly LineChart[]): string {
  const height = CHART.height * charts.length;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${CHART.width} ${height}" width="${CHART.width}" height="${height}" role="img">` +
    `<clipPath id="plot"><rect x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.right - PLOT.left}" height="${PLOT.bottom - PLOT.top + 2}"/></clipPath>` +
    `<rect width="${CHART.width}" height="${height}" fill="#ffffff" class="paper"/>` +
    `${charts.map((chart, index) => renderLineChart(chart, index * CHART.height)).join('')}</svg>`
  );
}

/** Round numbers from 0 to at least the largest, some five of them. */
export function ticks(largest: number): number[] {
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough * (1 - 1e-9))!;
  const count = Math.ceil(largest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', ink = INK): string {
  return `<text x="${pixel(x)}" y="${pixel(y)}" font-size="12" text-anchor="${anchor}" ${ink}>${escapeXml(content)}</text>`;
}

function number(value: number): string {
  return value >= 10_000 ? `${value / 1_000}k` : String(value);
}

function pixel(value: number): string {
  return value.toFixed(1);
}

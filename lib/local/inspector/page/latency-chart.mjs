import { colorOf, duration, element, setText } from './element.mjs';
import { percentile, sampled } from './round-trips.mjs';
import uPlot from './uplot.mjs';

const HEIGHT = 200;
/** Points of a line that are drawn; of more, the lowest and highest of each stretch. */
const POINTS_LIMIT = 2_000;

/** Round trips, and the lag behind the audio where results tell their place in it, over the time of the session. */
export class LatencyChart {
  constructor() {
    this.place = element('div', { class: 'chart', 'aria-hidden': 'true' });
    this.note = element('p', { class: 'quiet' });
    this.node = element(
      'section',
      { 'aria-label': 'Round trips and lag', hidden: true },
      element('h3', {}, 'Round trips and lag'),
      this.note,
      this.place,
    );
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.place);
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.onScheme = () => this.redraw();
    this.scheme.addEventListener('change', this.onScheme);
  }

  close() {
    this.resizing.disconnect();
    this.scheme.removeEventListener('change', this.onScheme);
    this.chart?.destroy();
  }

  /** @param trips a RoundTrips. @param audio a SessionAudio. */
  show(trips, audio) {
    const size = trips.at.length + audio.lagAt.length;
    if (size === this.size) return;
    this.size = size;
    this.node.hidden = size === 0;
    if (size === 0) return;
    const trip = sampled(trips.at, trips.ms, POINTS_LIMIT);
    const lag = sampled(audio.lagAt, audio.lagMs, POINTS_LIMIT);
    const isSampled = trip.at.length < trips.at.length || lag.at.length < audio.lagAt.length;
    setText(
      this.note,
      [
        summary('Round trip', trips.description, trips.ms),
        audio.lagAt.length > 0
          ? summary('Lag', 'from the moment at which the audio of a result had come to the result', audio.lagMs)
          : '',
        isSampled
          ? `Sampled: the lowest and highest of each stretch, ${trip.at.length + lag.at.length} of ${size} points.`
          : '',
      ]
        .filter(Boolean)
        .join(' '),
    );
    this.data = uPlot.join([
      [trip.at, trip.values],
      [lag.at, lag.values],
    ]);
    if (this.chart) this.chart.setData(this.data);
    else this.redraw();
  }

  redraw() {
    if (!this.data) return;
    this.chart?.destroy();
    const axis = {
      stroke: colorOf('--quiet'),
      grid: { stroke: colorOf('--line'), width: 1 },
      ticks: { stroke: colorOf('--line') },
    };
    const line = (label, name) => ({
      label,
      stroke: colorOf(name),
      width: 2,
      spanGaps: true,
      points: { size: 5 },
      value: (_, value) => (value === null || value === undefined ? '' : `${value.toFixed(1)} ms`),
    });
    this.chart = new uPlot(
      {
        width: this.place.clientWidth || 320,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map(value => `${value} s`) },
          { ...axis, size: 64, values: (_, ticks) => ticks.map(value => `${value} ms`) },
        ],
        series: [
          { label: 'At', value: (_, value) => (value === null || value === undefined ? '' : `${value.toFixed(2)} s`) },
          line('Round trip', '--received'),
          line('Lag', '--sent'),
        ],
      },
      this.data,
      this.place,
    );
  }

  resize() {
    if (this.chart && this.place.clientWidth > 0) this.chart.setSize({ width: this.place.clientWidth, height: HEIGHT });
  }
}

function summary(name, how, values) {
  const [p50, p95] = [50, 95].map(percent => duration(percentile(values, percent)));
  return `${name}, ${how}: p50 ${p50}, p95 ${p95}, at most ${duration(percentile(values, 100))}.`;
}

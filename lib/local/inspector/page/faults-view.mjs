import { element, setText } from './element.mjs';
import { explanation } from './explanation.mjs';
import { ask, state } from './state.mjs';

/** Scales of the clock that are offered; any other can be typed at the start: `--clock`. */
const CLOCKS = [1, 10, 60, 600];

/** Faults of the streams that open from now on, and their clock. */
export class FaultsView {
  constructor() {
    this.refusal = element('div', {});
    this.list = element('ul', { class: 'plain' });
    this.form = element('form', { class: 'tools', submit: event => this.add(event) });
    this.clock = element('select', {
      'aria-label': 'Clock',
      change: ({ target }) => ask({ clockScale: Number(target.value) }),
    });
    this.node = element(
      'div',
      {},
      element('h2', {}, 'Faults'),
      element(
        'p',
        { class: 'quiet' },
        'They hit the streams that open from now on, as --fault does. A session that is open has “Inject now”.',
      ),
      this.form,
      this.refusal,
      this.list,
      element('h2', {}, 'Clock'),
      element(
        'p',
        { class: 'quiet' },
        'The long waits of the streams that open from now on: at 60 times real time their 30 minutes pass in 30 seconds. What measures the container itself stays real.',
      ),
      element('label', {}, 'The long waits pass ', this.clock),
    );
    this.draw();
  }

  receive(message) {
    if (message.type === 'controlled') this.refusal.replaceChildren(...explanation(message.refusal));
    else if (message.type === 'update' || message.type === 'hello') this.draw();
  }

  draw() {
    if (!state.guide) {
      setText(this.list, 'Loading…');
      return;
    }
    if (!this.kind) this.drawForm();
    const key = JSON.stringify([state.faults, state.clockScale]);
    if (this.drawn === key) return;
    this.drawn = key;
    this.list.replaceChildren(
      ...state.faults.map((word, index) =>
        element(
          'li',
          {},
          element('code', {}, word),
          ' ',
          element(
            'button',
            { type: 'button', 'aria-label': `Remove ${word}`, click: () => this.remove(index) },
            'Remove',
          ),
        ),
      ),
    );
    if (state.faults.length === 0) this.list.append(element('li', { class: 'quiet' }, 'No fault is injected.'));
    const scales = [...new Set([...CLOCKS, state.clockScale])].sort((one, other) => one - other);
    this.clock.replaceChildren(
      ...scales.map(scale =>
        element(
          'option',
          { value: scale, selected: scale === state.clockScale },
          scale === 1 ? 'in real time' : `${scale} times as fast`,
        ),
      ),
    );
  }

  drawForm() {
    const { faults } = state.guide;
    this.kind = element(
      'select',
      { 'aria-label': 'Fault', change: () => this.chooseKind() },
      ...Object.entries(faults).map(([kind, { summary }]) => element('option', { value: kind }, `${kind}: ${summary}`)),
    );
    this.phase = element('select', { 'aria-label': 'Phase' });
    this.value = element('input', { type: 'number', min: 0, step: 1 });
    this.valueLabel = element('label', {}, element('span', {}), ' ', this.value);
    this.every = element('input', { type: 'number', min: 1, step: 1, value: 1 });
    this.form.replaceChildren(
      this.kind,
      this.phase,
      this.valueLabel,
      element('label', {}, 'one session in ', this.every),
      element('button', {}, 'Inject'),
    );
    this.chooseKind();
  }

  chooseKind() {
    const { phases, value } = state.guide.faults[this.kind.value];
    this.phase.replaceChildren(...phases.map(phase => element('option', {}, phase)));
    this.valueLabel.hidden = value === undefined;
    setText(this.valueLabel.firstChild, value?.meaning ?? '');
    this.value.value = value?.default ?? '';
  }

  add(event) {
    event.preventDefault();
    const value = this.valueLabel.hidden ? '' : `=${this.value.value}`;
    const every = this.every.value === '1' ? '' : `/${this.every.value}`;
    ask({ faults: [...state.faults, `${this.kind.value}@${this.phase.value}${value}${every}`] });
  }

  remove(index) {
    ask({ faults: state.faults.filter((_, at) => at !== index) });
  }
}

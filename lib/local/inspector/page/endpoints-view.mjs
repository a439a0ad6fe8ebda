import { element, setText } from './element.mjs';
import { messagesPerSecond, state } from './state.mjs';

/** Each endpoint with its containers, and their output. */
export class EndpointsView {
  constructor() {
    this.table = element('div', { class: 'cards' });
    this.output = element('pre', {
      class: 'output',
      tabindex: '0',
      role: 'log',
      'aria-label': 'Output of the containers',
      'aria-live': 'off',
    });
    this.node = element(
      'div',
      {},
      element('h2', {}, 'Endpoints'),
      this.table,
      element('h2', {}, 'Output of the containers'),
      this.output,
    );
    this.draw();
  }

  receive({ type }) {
    if (type === 'update' || type === 'hello') this.draw();
  }

  draw() {
    const names = (state.guide?.endpoints ?? []).map(({ name }) => name);
    if (names.length === 0) this.table.replaceChildren(element('p', { class: 'quiet' }, 'Loading…'));
    else this.table.replaceChildren(...names.map(name => this.card(name)));
    const isAtEnd = this.output.scrollTop + this.output.clientHeight >= this.output.scrollHeight - 8;
    setText(
      this.output,
      state.lines.map(({ source, line }) => (source ? `${source} | ${line}` : line)).join('\n') ||
        'The containers wrote nothing yet.',
    );
    if (isAtEnd) this.output.scrollTop = this.output.scrollHeight;
  }

  card(name) {
    const sessions = [...state.sessions.values()].filter(({ endpoint }) => endpoint === name);
    const outcomes = new Map();
    for (const { outcome, state: how } of sessions)
      if (how !== 'open') outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const counted = [...outcomes].map(([outcome, number]) => `${number} ${outcome}`).join(', ') || 'none yet';
    const instances = state.instances.filter(({ endpoint }) => endpoint === name);
    const facts = [
      ['Sessions open', sessions.filter(({ state: how }) => how === 'open').length],
      ['Sessions that are over', counted],
      ['Messages a second', messagesPerSecond(name).toFixed(1)],
    ];
    return element(
      'section',
      { class: 'card', 'aria-label': `Endpoint ${name}` },
      element('h3', {}, name),
      element(
        'dl',
        {},
        ...facts.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, String(value))]),
      ),
      element('ul', {}, ...instances.map(each => this.instance(each))),
    );
  }

  instance({ variant, instance, state: how, port, restarts, message }) {
    const where = port === undefined ? '' : `, port ${port}`;
    const again = restarts === 0 ? '' : `, started again ${restarts} times`;
    return element(
      'li',
      {},
      element('span', { class: 'badge', 'data-state': how }, how),
      ` ${variant}/${instance}${where}${again}`,
      ...(message ? [element('pre', { class: 'message' }, message)] : []),
    );
  }
}

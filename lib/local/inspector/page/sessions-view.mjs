import { bytes, duration, element, setText } from './element.mjs';
import { state } from './state.mjs';
import { VirtualList } from './virtual-list.mjs';

/** Every session, newest first. */
export class SessionsView {
  constructor() {
    this.list = new VirtualList('Sessions, newest first', cells, ({ requestId }) => {
      location.hash = `#/sessions/${encodeURIComponent(requestId)}`;
    });
    this.count = element('p', { class: 'quiet', role: 'status' });
    this.node = element('div', {}, element('h2', {}, 'Sessions'), this.count, this.list.node);
    this.draw();
  }

  receive({ type }) {
    if (type === 'update') this.draw();
  }

  draw() {
    const sessions = [...state.sessions.values()].reverse();
    const open = sessions.filter(({ state: how }) => how === 'open').length;
    setText(
      this.count,
      sessions.length === 0
        ? 'No stream was opened yet. How to connect shows a first one.'
        : `${open} open, ${sessions.length - open} over; the last ${state.endedSessionsKept} that are over are kept.`,
    );
    this.list.setItems(sessions);
  }
}

function cells({ openedAt, endpoint, instance, state: how, outcome, received, sent, durationMs }) {
  return [
    element('span', { class: 'time' }, new Date(openedAt).toLocaleTimeString('en-GB')),
    element(
      'span',
      { class: 'badge', 'data-state': how === 'ended' && outcome !== 'ended' ? 'failed' : how },
      how === 'open' ? 'open' : outcome,
    ),
    element('span', { class: 'wide' }, `${endpoint} ${instance}`),
    element('span', { class: 'number' }, `↑ ${received.events} · ${bytes(received.bytes)}`),
    element('span', { class: 'number' }, `↓ ${sent.events} · ${bytes(sent.bytes)}`),
    element('span', { class: 'number' }, duration(durationMs)),
  ];
}

import { bytes, copied, download, duration, element, setText } from './element.mjs';
import { explanation } from './explanation.mjs';
import { harOf } from './har.mjs';
import { LatencyChart } from './latency-chart.mjs';
import { replayTest } from './replay-test.mjs';
import { RoundTrips } from './round-trips.mjs';
import { SessionAudio } from './session-audio.mjs';
import { ask, state } from './state.mjs';
import { describe, hexadecimal, payloadOf, text } from './steps.mjs';
import { VirtualList } from './virtual-list.mjs';
import { Waveform } from './waveform.mjs';

/** Steps that the page keeps of one session. */
const STEPS_KEPT = 20_000;

/** The time line of one session. */
export class SessionView {
  constructor(requestId) {
    this.requestId = requestId;
    this.waveform = new Waveform();
    this.chart = new LatencyChart();
    this.reset();
    this.isPaused = false;
    this.summary = element('div', { class: 'summary' });
    this.list = new VirtualList('Time line', stepCells, step => this.show(step));
    this.kind = element(
      'select',
      { 'aria-label': 'Filter', change: () => this.draw() },
      ...[
        ['all', 'Everything'],
        ['received', 'From the client'],
        ['sent', 'From the model'],
        ['other', 'Pings, pauses, ends'],
      ].map(([value, text]) => element('option', { value }, text)),
    );
    this.search = element('input', {
      type: 'search',
      placeholder: 'Search',
      'aria-label': 'Search in text and types',
      input: () => this.draw(),
    });
    this.pause = element(
      'button',
      { type: 'button', 'aria-pressed': 'false', click: () => this.togglePause() },
      'Pause',
    );
    this.note = element('p', { class: 'quiet', role: 'status' });
    this.told = element('p', { class: 'quiet', role: 'status' });
    this.fault = element('select', { 'aria-label': 'Fault for this session' });
    this.refusal = element('div', {});
    this.injection = element(
      'div',
      { hidden: true },
      element(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Fault' },
        this.fault,
        element('button', { type: 'button', click: () => this.inject() }, 'Inject now'),
      ),
      this.refusal,
    );
    this.detail = element(
      'pre',
      { class: 'detail', tabindex: '0', 'aria-label': 'The chosen step' },
      'Choose a step to see what it carried.',
    );
    this.node = element(
      'div',
      {},
      element('p', {}, element('a', { href: '#/sessions' }, '← Sessions')),
      element('h2', {}, `Session ${requestId}`),
      this.summary,
      this.injection,
      this.waveform.node,
      this.chart.node,
      element('h3', {}, 'Time line'),
      element(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Time line' },
        this.kind,
        this.search,
        this.pause,
        element('button', { type: 'button', click: () => this.export() }, 'Export JSON lines'),
        element('button', { type: 'button', click: () => this.exportHar() }, 'Export HAR'),
        element('button', { type: 'button', click: () => this.copyTest() }, 'Copy as test'),
      ),
      this.told,
      this.note,
      this.list.node,
      this.detail,
    );
    this.drawSummary();
    this.draw();
  }

  close() {
    this.waveform.close();
    this.chart.close();
  }

  reset() {
    this.steps = [];
    this.skipped = 0;
    this.isUnknown = false;
    this.trips = new RoundTrips();
    this.audio = undefined;
    /** Steps that came before the session itself was told. */
    this.unheard = [];
  }

  receive(message) {
    if (message.type === 'hello') this.reset();
    else if (message.type === 'update') this.drawSummary();
    else if (message.type === 'controlled') this.refusal.replaceChildren(...explanation(message.refusal));
    else if (message.requestId !== this.requestId) return;
    else if (message.type === 'unknown-session') {
      this.isUnknown = true;
      this.draw();
    } else if (message.type === 'steps') {
      // A second answer to the first question tells the same steps again.
      if (message.first === 0) this.reset();
      this.skipped += message.skipped;
      for (const step of message.steps) {
        this.steps.push(step);
        this.unheard.push(step);
        this.trips.add(step);
      }
      this.skipped += Math.max(0, this.steps.length - STEPS_KEPT);
      this.steps.splice(0, Math.max(0, this.steps.length - STEPS_KEPT));
      this.hear();
      if (!this.isPaused) this.draw();
    }
  }

  /** Adds what is new to the audio: the path of the session tells how it is coded. */
  hear() {
    const session = state.sessions.get(this.requestId);
    if (!session) return;
    this.audio ??= new SessionAudio(session.path);
    for (const step of this.unheard.splice(0)) this.audio.add(step);
  }

  inject() {
    ask({ inject: { requestId: this.requestId, fault: this.fault.value } });
  }

  drawInjection(session) {
    this.injection.hidden = session?.state !== 'open';
    if (this.fault.options.length > 0 || !state.guide) return;
    for (const [kind, { summary, phases }] of Object.entries(state.guide.faults)) {
      if (phases.includes('streaming')) {
        this.fault.append(element('option', { value: `${kind}@streaming` }, `${kind}: ${summary}`));
      }
    }
  }

  togglePause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute('aria-pressed', String(this.isPaused));
    setText(this.pause, this.isPaused ? 'Go on' : 'Pause');
    this.draw();
  }

  drawSummary() {
    const session = state.sessions.get(this.requestId);
    this.drawInjection(session);
    if (!session) return;
    const {
      endpoint,
      instance,
      path,
      state: how,
      outcome,
      explanation: why,
      received,
      sent,
      durationMs,
      firstResponseMs,
    } = session;
    const facts = `${endpoint} ${instance} /${path} · ${how === 'open' ? 'open' : `${outcome} after ${duration(durationMs)}`} · from the client ${received.events} events, ${bytes(received.bytes)} · from the model ${sent.events} events, ${bytes(sent.bytes)}${firstResponseMs === undefined || firstResponseMs === null ? '' : ` · first answer after ${duration(firstResponseMs)}`}`;
    const key = `${facts}${why?.what}`;
    if (this.drawn === key) return;
    this.drawn = key;
    this.summary.replaceChildren(element('p', {}, facts), ...explanation(why));
  }

  draw() {
    const sought = this.search.value.toLowerCase();
    const shown = this.steps.filter(
      step => passes(step, this.kind.value) && (!sought || describe(step).toLowerCase().includes(sought)),
    );
    const isAtEnd = this.list.isAtEnd;
    setText(this.note, this.noteText(shown.length));
    this.list.setItems(shown);
    if (this.audio) {
      this.waveform.show(this.audio);
      this.chart.show(this.trips, this.audio);
    }
    if (isAtEnd && !this.isPaused) this.list.scrollToEnd();
  }

  noteText(shown) {
    if (this.isUnknown) return 'This session is not kept: it is too old, or of another start.';
    if (this.steps.length === 0) return 'Nothing passed yet.';
    const missing =
      this.skipped === 0
        ? ''
        : ` ${this.skipped} older steps are no longer kept, or passed faster than the page is told.`;
    return `${shown} of ${this.steps.length} steps${this.isPaused ? ', paused' : ''}.${missing}`;
  }

  show(step) {
    const lines = Object.entries(step)
      .filter(([name]) => name !== 'base64' && name !== 'described')
      .map(([name, value]) => `${name}: ${value}`);
    if (step.type === 'message') {
      const held = payloadOf(step);
      if (held === undefined)
        lines.push('', 'The payload is not kept: it passed before a page was open, or is too old.');
      else {
        lines.push('', step.dataType === 'UTF8' ? text(held) : hexadecimal(held));
        if (held.length < step.bytes) lines.push('', `The first ${held.length} of ${step.bytes} bytes.`);
      }
    }
    setText(this.detail, lines.join('\n'));
  }

  export() {
    const session = state.sessions.get(this.requestId);
    const lines = [{ type: 'session', ...session, skippedSteps: this.skipped }, ...this.steps].map(each => {
      const { described: _, ...told } = each;
      return JSON.stringify(told);
    });
    download(`session-${this.requestId}.jsonl`, 'application/jsonl', `${lines.join('\n')}\n`);
  }

  exportHar() {
    const session = state.sessions.get(this.requestId);
    if (!session) return;
    const har = harOf(session, this.steps, this.skipped, state.guide);
    download(`session-${this.requestId}.har`, 'application/json', JSON.stringify(har, undefined, 2));
  }

  async copyTest() {
    const session = state.sessions.get(this.requestId);
    if (!session) return;
    const endpoint = state.guide.endpoints.find(({ name }) => name === session.endpoint);
    const { source, problem } = replayTest(session, this.steps, this.skipped, endpoint);
    setText(this.told, problem ?? (await copied(source)));
  }
}

function passes({ type, direction }, kind) {
  if (kind === 'all') return true;
  return kind === 'other' ? type !== 'message' : type === 'message' && direction === kind;
}

function stepCells(step) {
  const { atMs, type, direction, bytes: size, dataType, completionState } = step;
  const arrow = type === 'message' ? (direction === 'received' ? '↑' : '↓') : '·';
  return [
    element('span', { class: 'time' }, duration(atMs)),
    element(
      'span',
      {
        class: `arrow ${direction ?? ''}`,
        'aria-label': type === 'message' ? (direction === 'received' ? 'from the client' : 'from the model') : '',
      },
      arrow,
    ),
    element('span', { class: 'number' }, type === 'message' ? `${dataType} ${completionState}` : type),
    element('span', { class: 'number' }, size === undefined ? '' : bytes(size)),
    element('span', { class: 'wide' }, describe(step)),
  ];
}

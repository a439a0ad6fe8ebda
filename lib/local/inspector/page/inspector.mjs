import { bytes, duration, element, setText } from './element.mjs';
import { VirtualList } from './virtual-list.mjs';

const RECONNECT_MS = 1_000;
/** Lines and steps that the page keeps. */
const LINES_KEPT = 1_000;
const STEPS_KEPT = 20_000;

const state = {
  /** Undefined until the local SageMaker answered. */
  guide: undefined,
  isConnected: false,
  instances: [],
  /** By request id, oldest first. */
  sessions: new Map(),
  endedSessionsKept: 500,
  lines: [],
  /** Messages of all kept sessions at the last two updates. */
  rates: new Map(),
};

const main = document.querySelector('#view');
const connection = document.querySelector('#connection');
let socket;
let view;

function connect() {
  const url = new URL('socket', location.href.split('#')[0]);
  url.protocol = 'ws:';
  socket = new WebSocket(url);
  socket.addEventListener('open', () => {
    state.isConnected = true;
    // The next start or the rest of this one: everything is told anew.
    state.sessions.clear();
    state.lines = [];
    follow(view?.requestId ?? null);
    showConnection();
  });
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener('close', () => {
    state.isConnected = false;
    showConnection();
    setTimeout(connect, RECONNECT_MS);
  });
}

function follow(requestId) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ follow: requestId }));
}

function showConnection() {
  setText(
    connection,
    state.isConnected ? 'Live' : 'Disconnected: bidi local does not answer. Trying again every second.',
  );
  connection.dataset.state = state.isConnected ? 'live' : 'lost';
}

function receive(message) {
  if (message.type === 'hello') {
    state.guide = message.guide;
    state.endedSessionsKept = message.endedSessionsKept;
  } else if (message.type === 'update') {
    update(message);
  }
  view?.receive(message);
}

function update({ instances, sessions, lines }) {
  state.instances = instances;
  for (const session of sessions) {
    const before = state.sessions.get(session.requestId);
    state.sessions.set(session.requestId, before ? Object.assign(before, session) : session);
    count(session);
  }
  let ended = [...state.sessions.values()].filter(each => each.state !== 'open').length - state.endedSessionsKept;
  for (const [requestId, each] of state.sessions) {
    if (ended <= 0) break;
    if (each.state === 'open') continue;
    state.sessions.delete(requestId);
    ended -= 1;
  }
  if (lines.skipped > 0)
    state.lines.push({ source: '', stream: 'stderr', line: `… ${lines.skipped} lines were not shown` });
  state.lines.push(...lines.items);
  state.lines.splice(0, Math.max(0, state.lines.length - LINES_KEPT));
}

/** Messages of a session by the second in which they were told, for the rate of its endpoint. */
function count({ requestId, endpoint, received, sent }) {
  const total = received.events + sent.events;
  const rate = state.rates.get(endpoint) ?? { seen: new Map(), moments: [] };
  rate.moments.push({ at: performance.now(), messages: total - (rate.seen.get(requestId) ?? total) });
  rate.seen.set(requestId, total);
  state.rates.set(endpoint, rate);
}

function messagesPerSecond(endpoint) {
  const rate = state.rates.get(endpoint);
  if (!rate) return 0;
  const from = performance.now() - 2_000;
  rate.moments = rate.moments.filter(({ at }) => at >= from);
  for (const requestId of rate.seen.keys()) if (!state.sessions.has(requestId)) rate.seen.delete(requestId);
  return rate.moments.reduce((sum, { messages }) => sum + messages, 0) / 2;
}

// Endpoints

class EndpointsView {
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
    const names = state.guide?.endpoints ?? [];
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

// Sessions

class SessionsView {
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

// One session

class SessionView {
  constructor(requestId) {
    this.requestId = requestId;
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
      element(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Time line' },
        this.kind,
        this.search,
        this.pause,
        element('button', { type: 'button', click: () => this.export() }, 'Export JSON lines'),
      ),
      this.note,
      this.list.node,
      this.detail,
    );
    this.drawSummary();
    this.draw();
  }

  reset() {
    this.steps = [];
    this.skipped = 0;
    this.isUnknown = false;
  }

  receive(message) {
    if (message.type === 'hello') this.reset();
    else if (message.type === 'update') this.drawSummary();
    else if (message.requestId !== this.requestId) return;
    else if (message.type === 'unknown-session') {
      this.isUnknown = true;
      this.draw();
    } else if (message.type === 'steps') {
      // A second answer to the first question tells the same steps again.
      if (message.first === 0) this.reset();
      this.skipped += message.skipped;
      for (const step of message.steps) this.steps.push(step);
      this.skipped += Math.max(0, this.steps.length - STEPS_KEPT);
      this.steps.splice(0, Math.max(0, this.steps.length - STEPS_KEPT));
      if (!this.isPaused) this.draw();
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
    if (!session) return;
    const {
      endpoint,
      instance,
      path,
      state: how,
      outcome,
      explanation,
      received,
      sent,
      durationMs,
      firstResponseMs,
    } = session;
    const facts = `${endpoint} ${instance} /${path} · ${how === 'open' ? 'open' : `${outcome} after ${duration(durationMs)}`} · from the client ${received.events} events, ${bytes(received.bytes)} · from the model ${sent.events} events, ${bytes(sent.bytes)}${firstResponseMs === undefined || firstResponseMs === null ? '' : ` · first answer after ${duration(firstResponseMs)}`}`;
    const key = `${facts}${explanation?.what}`;
    if (this.drawn === key) return;
    this.drawn = key;
    this.summary.replaceChildren(
      element('p', {}, facts),
      ...(explanation
        ? [
            element(
              'div',
              { class: 'explanation', role: 'alert' },
              element('p', {}, explanation.what),
              element('p', {}, `Why: ${explanation.why}`),
              element('p', {}, `Next: ${explanation.next}`),
            ),
          ]
        : []),
    );
  }

  draw() {
    const sought = this.search.value.toLowerCase();
    const shown = this.steps.filter(
      step => passes(step, this.kind.value) && (!sought || describe(step).toLowerCase().includes(sought)),
    );
    const isAtEnd = this.list.isAtEnd;
    setText(this.note, this.noteText(shown.length));
    this.list.setItems(shown);
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
      .filter(([name]) => name !== 'base64')
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
    const lines = [{ type: 'session', ...session, skippedSteps: this.skipped }, ...this.steps].map(each =>
      JSON.stringify(each),
    );
    const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' }));
    element('a', { href: url, download: `session-${this.requestId}.jsonl` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
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

function describe(step) {
  switch (step.type) {
    case 'message': {
      const held = payloadOf(step);
      if (held === undefined) return step.bytes === 0 ? '(empty)' : '(payload not kept)';
      return step.dataType === 'UTF8' ? text(held).slice(0, 500) : hexadecimal(held.subarray(0, 24));
    }
    case 'input-ended':
      return 'The client ended its input.';
    case 'ping':
      return 'A ping went to the container.';
    case 'pong':
      return 'The container answered a ping.';
    case 'paused':
      return step.direction === 'received'
        ? 'The container does not read: the client is held back.'
        : 'The client does not read: the container is held back.';
    case 'resumed':
      return step.direction === 'received' ? 'The container reads again.' : 'The client reads again.';
    case 'closed':
      return step.code === 1006
        ? 'The container is gone without a close frame (1006).'
        : `The container closed its WebSocket with code ${step.code}${step.reason ? `: ${step.reason}` : ''}.`;
    default:
      return `${step.error}: ${step.message}`;
  }
}

function payloadOf({ base64 }) {
  return base64 === undefined ? undefined : Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

function text(held) {
  return new TextDecoder().decode(held);
}

function hexadecimal(held) {
  return [...held].map(each => each.toString(16).padStart(2, '0')).join(' ');
}

// How to connect

class ConnectView {
  constructor() {
    this.node = element('div', {}, element('h2', {}, 'How to connect'));
    this.draw();
  }

  receive({ type }) {
    if (type === 'hello') this.draw();
  }

  draw() {
    if (!state.guide) return;
    const { url, environment, unset, endpoints } = state.guide;
    const variables = [
      ...Object.entries(environment).map(([name, value]) => `export ${name}=${shellWord(value)}`),
      ...unset.map(name => `unset ${name}`),
    ].join('\n');
    const snippet = `import { InvokeEndpointWithBidirectionalStreamCommand, SageMakerRuntimeHTTP2Client } from 'sagemaker-bidi-kit/client';

async function* input() {
  yield { PayloadPart: { Bytes: Buffer.from('I need help with'), DataType: 'UTF8' } };
}

async function main() {
  const client = new SageMakerRuntimeHTTP2Client();
  const command = new InvokeEndpointWithBidirectionalStreamCommand({ EndpointName: ${JSON.stringify(endpoints[0])}, Body: input() });
  const { Body } = await client.send(command);
  for await (const event of Body ?? []) {
    if (event.ModelStreamError) throw event.ModelStreamError;
    if (event.InternalStreamFailure) throw event.InternalStreamFailure;
    console.log(Buffer.from(event.PayloadPart?.Bytes ?? []).toString());
  }
  client.destroy();
}

main();`;
    this.node.replaceChildren(
      element('h2', {}, 'How to connect'),
      element(
        'p',
        {},
        `The local SageMaker answers at ${url}. Every AWS SDK with the operation InvokeEndpointWithBidirectionalStream reads these variables:`,
      ),
      block('Variables', variables),
      block('On the command line', `npx bidi invoke "I need help with" --local --endpoint ${shellWord(endpoints[0])}`),
      block('TypeScript', snippet),
      element('p', {}, 'docs/local.md has the same for Python, Java, Rust and Go where their SDKs have the operation.'),
    );
  }
}

function block(title, content) {
  const told = element('span', { role: 'status', class: 'quiet' });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(content);
      setText(told, 'Copied.');
    } catch {
      setText(told, 'The browser does not let the page copy; select the text.');
    }
  };
  return element(
    'section',
    { 'aria-label': title },
    element('h3', {}, title),
    element('pre', { class: 'detail', tabindex: '0' }, content),
    element('button', { type: 'button', click: copy, 'aria-label': `Copy: ${title}` }, 'Copy'),
    ' ',
    told,
  );
}

function shellWord(value) {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

// Views by address

function open() {
  const [, name = '', requestId] = location.hash.split('/');
  if (name === 'sessions') view = requestId ? new SessionView(decodeURIComponent(requestId)) : new SessionsView();
  else view = name === 'connect' ? new ConnectView() : new EndpointsView();
  main.replaceChildren(view.node);
  for (const link of document.querySelectorAll('nav a')) {
    const isHere = link.getAttribute('href') === `#/${name || 'endpoints'}`;
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  follow(view.requestId ?? null);
}

window.addEventListener('hashchange', () => {
  open();
  main.focus();
});
open();
connect();

/** What the local SageMaker told this page, and what the page asks of it. */

const RECONNECT_MS = 1_000;
/** Lines of output that the page keeps. */
const LINES_KEPT = 1_000;
/** Milliseconds over which messages a second are counted. */
const RATE_MS = 2_000;

export const state = {
  /** Undefined until the local SageMaker answered. */
  guide: undefined,
  isConnected: false,
  instances: [],
  /** By request id, oldest first. */
  sessions: new Map(),
  endedSessionsKept: 500,
  lines: [],
  /** Faults of the next streams, as `--fault` takes them. */
  faults: [],
  clockScale: 1,
};

/** Messages of all kept sessions at the last updates, by endpoint. */
const rates = new Map();
let socket;
let followed = null;
let tell = () => {};

/** @param {(message: object) => void} listener called with each message, and with `{ type: 'connection' }`. */
export function connect(listener) {
  tell = listener;
  open();
}

/** Asks for the steps of one session, or of none. */
export function follow(requestId) {
  followed = requestId;
  ask({ follow: requestId });
}

/** Asks for something; dropped while there is no connection. */
export function ask(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** A WebSocket of the inspector, by its path below the token. */
export function openSocket(path) {
  const url = new URL(path, location.href.split('#')[0]);
  url.protocol = 'ws:';
  return new WebSocket(url);
}

function open() {
  socket = openSocket('socket');
  socket.addEventListener('open', () => {
    state.isConnected = true;
    // The next start or the rest of this one: everything is told anew.
    state.sessions.clear();
    state.lines = [];
    ask({ follow: followed });
    tell({ type: 'connection' });
  });
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener('close', () => {
    state.isConnected = false;
    tell({ type: 'connection' });
    setTimeout(open, RECONNECT_MS);
  });
}

function receive(message) {
  if (message.type === 'hello') {
    state.guide = message.guide;
    state.endedSessionsKept = message.endedSessionsKept;
  } else if (message.type === 'update') {
    update(message);
  }
  tell(message);
}

function update({ instances, sessions, counts, lines, faults, clockScale }) {
  state.instances = instances;
  state.faults = faults;
  state.clockScale = clockScale;
  const now = performance.now();
  for (const session of sessions) {
    const before = state.sessions.get(session.requestId);
    state.sessions.set(session.requestId, before ? Object.assign(before, session) : session);
    count(session, now);
  }
  for (const [requestId, receivedEvents, receivedBytes, sentEvents, sentBytes, firstResponseMs] of counts) {
    const session = state.sessions.get(requestId);
    session.received = { events: receivedEvents, bytes: receivedBytes };
    session.sent = { events: sentEvents, bytes: sentBytes };
    session.firstResponseMs = firstResponseMs ?? undefined;
    count(session, now);
  }
  let ended = [...state.sessions.values()].filter(each => each.state !== 'open').length - state.endedSessionsKept;
  for (const [requestId, each] of state.sessions) {
    if (ended <= 0) break;
    if (each.state === 'open') continue;
    state.sessions.delete(requestId);
    rates.get(each.endpoint)?.seen.delete(requestId);
    ended -= 1;
  }
  if (lines.skipped > 0)
    state.lines.push({ source: '', stream: 'stderr', line: `… ${lines.skipped} lines were not shown` });
  state.lines.push(...lines.items);
  state.lines.splice(0, Math.max(0, state.lines.length - LINES_KEPT));
}

/** Counts the messages of a session since it was told last, for the rate of its endpoint. */
function count({ requestId, endpoint, received, sent }, now) {
  const total = received.events + sent.events;
  const rate = rates.get(endpoint) ?? { seen: new Map(), moments: [] };
  rates.set(endpoint, rate);
  const messages = total - (rate.seen.get(requestId) ?? total);
  rate.seen.set(requestId, total);
  const last = rate.moments.at(-1);
  if (last?.at === now) last.messages += messages;
  else rate.moments.push({ at: now, messages });
  while (rate.moments[0].at < now - RATE_MS) rate.moments.shift();
}

/** Messages a second of an endpoint, over the last two seconds. */
export function messagesPerSecond(endpoint) {
  const rate = rates.get(endpoint);
  if (!rate) return 0;
  const from = performance.now() - RATE_MS;
  const recent = rate.moments.filter(({ at }) => at >= from);
  return recent.reduce((sum, { messages }) => sum + messages, 0) / (RATE_MS / 1_000);
}

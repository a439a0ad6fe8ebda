import { ConnectView } from './connect-view.mjs';
import { element, setText } from './element.mjs';
import { EndpointsView } from './endpoints-view.mjs';
import { FaultsView } from './faults-view.mjs';
import { SessionView } from './session-view.mjs';
import { SessionsView } from './sessions-view.mjs';
import { connect, follow, state } from './state.mjs';
import { TryView } from './try-view.mjs';

const VIEWS = {
  endpoints: EndpointsView,
  sessions: SessionsView,
  try: TryView,
  faults: FaultsView,
  connect: ConnectView,
};

const main = document.querySelector('#view');
const connection = document.querySelector('#connection');
let view;

function showConnection() {
  setText(
    connection,
    state.isConnected ? 'Live' : 'Disconnected: bidi local does not answer. Trying again every second.',
  );
  connection.dataset.state = state.isConnected ? 'live' : 'lost';
}

function receive(message) {
  if (message.type === 'connection') showConnection();
  view?.receive(message);
}

/** A fault of the page itself: it says so instead of standing still. */
function showError(message) {
  view = undefined;
  main.replaceChildren(
    element(
      'div',
      { class: 'explanation', role: 'alert' },
      element('p', {}, `The page failed: ${message}`),
      element('p', {}, 'Why: this is a fault of the page; the streams go on.'),
      element('p', {}, 'Next: load the page again, and please report it with the output of the browser’s console.'),
    ),
  );
}

/** Opens the view of the address. */
function open() {
  const [, name = '', requestId] = location.hash.split('/');
  view?.close?.();
  if (name === 'sessions' && requestId) view = new SessionView(decodeURIComponent(requestId));
  else view = new (Object.hasOwn(VIEWS, name) ? VIEWS[name] : EndpointsView)();
  main.replaceChildren(view.node);
  for (const link of document.querySelectorAll('nav a')) {
    const isHere = link.getAttribute('href') === `#/${name || 'endpoints'}`;
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  follow(view.requestId ?? null);
}

window.addEventListener('error', ({ message }) => showError(message));
window.addEventListener('unhandledrejection', ({ reason }) => showError(String(reason)));
window.addEventListener('hashchange', () => {
  open();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
open();
connect(receive);

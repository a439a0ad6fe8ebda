/**
 * Microphone → gateway → captions, with nothing but the browser:
 *
 *   npx bidi local DeepgramStack --simulate -c modelPackageArn=...
 *   npx bidi gateway --local --allow-origin http://localhost:8000
 *   npx http-server examples/browser-captions -p 8000          (any server of files will do)
 *
 * Then open http://localhost:8000. A deployed gateway is another address in the first field, with its token in the second.
 */
const [settings, state, captions, interim, canvas] = ['settings', 'state', 'captions', 'interim', 'waveform'].map(id =>
  document.getElementById(id),
);
const button = settings.querySelector('button');

/** Deepgram's query; the sample rate is the device's own. */
const QUERY = { model: 'nova-3', language: 'en', encoding: 'linear16', interim_results: true, smart_format: true };
const LAST_WORDS_MS = 15_000;
const MAX_UNSENT_BYTES = 1024 * 1024; // ten seconds of audio

const isSecure = location.protocol === 'https:';
settings.gateway.value =
  new URLSearchParams(location.search).get('gateway') ??
  (isSecure ? `wss://${location.host}` : `ws://${location.hostname}:8080`);

/** Says what happens, on the screen and to a screen reader. */
const say = words => {
  state.textContent = words;
};

/** Session of the microphone that is on, if any. */
let session;

settings.addEventListener('submit', async event => {
  event.preventDefault();
  if (session) return session.finish();
  session = new CaptionSession(settings.gateway.value.trim(), settings.token.value.trim());
  button.textContent = 'Stop';
  button.setAttribute('aria-pressed', 'true');
  try {
    say(await Promise.race([session.run(), session.ended]));
  } catch (error) {
    say(wordsOf(error));
  } finally {
    session.release();
    session = undefined;
    button.textContent = 'Start';
    button.setAttribute('aria-pressed', 'false');
  }
});

addEventListener('keydown', ({ key }) => key === 'Escape' && session?.finish());

class CaptionSession {
  isFinishing = false;
  /** Samples from before the connection is open: the first words are not lost. */
  waiting = [];

  constructor(gateway, token) {
    this.gateway = gateway;
    this.token = token;
    this.ended = new Promise((resolve, reject) => Object.assign(this, { end: resolve, fail: reject }));
    this.ended.catch(() => {}); // it may fail while the microphone is still asked for
  }

  /** @returns how it ended, in words */
  async run() {
    const url = socketUrl(this.gateway);
    if (!navigator.mediaDevices) throw new Error('Browsers give the microphone to https pages and to localhost alone.');
    say('Waiting for the microphone.');
    this.microphone = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    if (this.isFinishing) return this.release(); // Stop came first
    this.microphone.getAudioTracks()[0].onended = () => this.fail(new Error('The microphone was taken away.'));
    this.audio = new AudioContext();
    await this.audio.audioWorklet.addModule(new URL('microphone.js', import.meta.url));
    const source = this.audio.createMediaStreamSource(this.microphone);
    const samples = new AudioWorkletNode(this.audio, 'microphone', { numberOfOutputs: 0 });
    this.analyser = new AnalyserNode(this.audio, { fftSize: 1024 });
    drawWaveform(this);
    url.search = new URLSearchParams({ ...QUERY, sample_rate: this.audio.sampleRate });
    this.connect(url);
    samples.port.onmessage = ({ data }) => this.send(data);
    source.connect(samples);
    source.connect(this.analyser);
    return this.ended;
  }

  connect(url) {
    say('Connecting.');
    // Browsers send no header of ours: the token goes as a subprotocol, which no log keeps.
    const socket = new WebSocket(url, this.token ? ['token', this.token] : []);
    let isOpen = false;
    socket.onopen = () => {
      isOpen = true;
      say('Listening.');
      for (const samples of this.waiting.splice(0)) socket.send(samples);
      if (this.isFinishing) this.askForLastWords();
    };
    socket.onmessage = ({ data }) => show(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      if (!isOpen) this.fail(new Error(notOpened(url)));
      // The stream's 30 minutes are over, or the gateway restarts: the next one goes on.
      else if (code === 1012 && !this.isFinishing) this.connect(url);
      else if (code === 1000) this.end(this.isFinishing ? 'Stopped.' : 'The model has ended the session.');
      else this.fail(new Error(closedEarly(code, reason)));
    };
    this.socket = socket;
  }

  send(samples) {
    if (this.isFinishing) return;
    const isOpen = this.socket.readyState === WebSocket.OPEN;
    const unsent = isOpen ? this.socket.bufferedAmount : this.waiting.length * samples.byteLength;
    if (unsent > MAX_UNSENT_BYTES) this.fail(new Error('The network is too slow for the audio.'));
    else if (isOpen) this.socket.send(samples);
    else this.waiting.push(samples);
  }

  /** No more audio; the model still says its last words, then it closes. */
  finish() {
    if (this.isFinishing) return;
    this.isFinishing = true;
    if (!this.socket) this.end('Stopped.');
    else if (this.socket.readyState === WebSocket.OPEN) this.askForLastWords();
  }

  askForLastWords() {
    say('Finishing.');
    this.socket.send(JSON.stringify({ type: 'CloseStream' }));
    setTimeout(() => this.fail(new Error('The model did not say its last words in time.')), LAST_WORDS_MS);
  }

  release() {
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.audio?.close();
    this.socket?.close();
    this.analyser = undefined;
    interim.textContent = '';
  }
}

function socketUrl(text) {
  const given = /^[a-z]+:\/\//i.test(text) ? text : `${isSecure ? 'wss' : 'ws'}://${text}`;
  if (!URL.canParse(given)) throw new Error('The gateway is no address. Write it as wss://speech.example.com.');
  const url = new URL(given);
  url.protocol = { 'http:': 'ws:', 'https:': 'wss:' }[url.protocol] ?? url.protocol;
  if (isSecure && url.protocol === 'ws:' && !['localhost', '127.0.0.1'].includes(url.hostname))
    throw new Error('This page came by https, so that the browser opens wss:// addresses alone.');
  if (url.pathname === '/') url.pathname = '/v1/listen';
  return url;
}

/** Final words stay; interim ones are replaced until they are final. */
function show({ type, is_final: isFinal, channel }) {
  if (type !== 'Results') return;
  const text = channel.alternatives[0]?.transcript ?? '';
  interim.textContent = isFinal ? '' : text;
  if (!isFinal || !text) return;
  captions.append(Object.assign(document.createElement('p'), { textContent: text }));
  interim.scrollIntoView({ block: 'end' });
}

/** Draws what the microphone hears, and nothing that moves for those who asked for no motion. */
function drawWaveform(owner) {
  const context = canvas.getContext('2d');
  const values = new Uint8Array(owner.analyser.fftSize);
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const draw = () => {
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    if (!owner.analyser) return; // setting the size has wiped it
    owner.analyser.getByteTimeDomainData(values);
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = 2 * devicePixelRatio;
    context.beginPath();
    for (const [index, value] of values.entries())
      context.lineTo((index / (values.length - 1)) * canvas.width, (value / 255) * canvas.height);
    context.stroke();
    requestAnimationFrame(draw);
  };
  if (!isStill) draw();
}

/** Browsers do not tell a page why a WebSocket was refused. */
function notOpened(url) {
  return `The gateway at ${url.host} did not take the connection. Does it run there, is the token right, does it allow this page (--allow-origin ${location.origin})?`;
}

function closedEarly(code, reason) {
  if (code === 1006) return 'The connection was lost.';
  return reason ? `The session ended: ${reason}` : `The session ended with the code ${code}.`;
}

function wordsOf({ name, message }) {
  const words = {
    NotAllowedError: 'The microphone was not allowed. Allow it beside the address of this page, then start again.',
    NotFoundError: 'No microphone was found.',
    NotReadableError: 'The microphone cannot be read; another program may use it.',
  };
  return words[name] ?? message;
}

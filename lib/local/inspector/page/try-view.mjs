import { bytes, duration, element, setText } from './element.mjs';
import { explanation } from './explanation.mjs';
import { Microphone } from './microphone.mjs';
import { Speaker } from './speaker.mjs';
import { openSocket, state } from './state.mjs';

const KINDS = {
  messages: 'Messages as they are',
  transcribe: 'Speech to words',
  speak: 'Words to speech',
};
/** Protocols of each kind of model. */
const PROTOCOLS = { messages: [], transcribe: ['deepgram', 'vllm', 'nim'], speak: ['deepgram', 'vllm-omni'] };
/** Bytes of a file in one message, and bytes that may wait in the browser. */
const PIECE_BYTES = 32 * 1024;
const WAITING_LIMIT_BYTES = 512 * 1024;
/** Lines of the log that are kept. */
const LOG_LIMIT = 500;

/** A stream of the page's own: it goes through the local SageMaker as every other. */
export class TryView {
  constructor() {
    this.node = element('div', {}, element('h2', {}, 'Try it'), element('p', { class: 'quiet' }, 'Loading…'));
    this.draw();
  }

  receive({ type }) {
    if (type === 'hello' && !this.endpoint) this.draw();
  }

  close() {
    this.stop();
    void this.speaker?.close();
  }

  draw() {
    if (!state.guide) return;
    if (!state.guide.canTry) {
      this.node.replaceChildren(
        element('h2', {}, 'Try it'),
        element(
          'p',
          {},
          'This local SageMaker was started by a program that gave it no client. bidi local and bidi demo --keep do.',
        ),
      );
      return;
    }
    this.drawForm();
    this.chooseEndpoint();
  }

  drawForm() {
    const options = entries => entries.map(([value, label]) => element('option', { value }, label));
    this.endpoint = element(
      'select',
      { change: () => this.chooseEndpoint() },
      ...options(state.guide.endpoints.map(({ name }) => [name, name])),
    );
    this.kind = element('select', { change: () => this.chooseKind() }, ...options(Object.entries(KINDS)));
    this.protocol = element('select', {});
    this.model = element('input', { placeholder: 'as the stack tells' });
    this.language = element('input', { placeholder: 'the model’s own', size: 12 });
    this.path = element('input', { placeholder: 'invocations-bidirectional-stream' });
    this.query = element('input', { placeholder: 'name=value' });
    const field = (label, input) => {
      input.setAttribute('aria-label', label);
      return element('label', {}, label, ' ', input);
    };
    this.speechFields = [
      field('Protocol', this.protocol),
      field('Model', this.model),
      field('Language', this.language),
    ];
    this.messageFields = [field('Path', this.path), field('Query', this.query)];
    this.actions = element('div', { class: 'tools', role: 'group', 'aria-label': 'Input' });
    this.status = element('p', { class: 'quiet', role: 'status' }, 'Nothing was tried yet.');
    this.failure = element('div', {});
    this.interim = element('p', { class: 'interim' });
    this.log = element('ol', { class: 'log', role: 'log', tabindex: '0', 'aria-label': 'What passed' });
    this.node.replaceChildren(
      element('h2', {}, 'Try it'),
      element(
        'p',
        { class: 'quiet' },
        'The stream is signed and goes through the local SageMaker like every other; it is the newest under ',
        element('a', { href: '#/sessions' }, 'Sessions'),
        '.',
      ),
      element(
        'div',
        { class: 'tools', role: 'group', 'aria-label': 'Endpoint and model' },
        field('Endpoint', this.endpoint),
        field('Kind', this.kind),
        ...this.speechFields,
        ...this.messageFields,
      ),
      this.actions,
      this.status,
      this.failure,
      this.interim,
      this.log,
    );
  }

  chooseEndpoint() {
    const { serves } = state.guide.endpoints.find(({ name }) => name === this.endpoint.value);
    this.serves = serves;
    const isVoice = serves?.protocol === 'vllm-omni' || /^aura|^flux-(?!general)/.test(serves?.modelName ?? '');
    this.kind.value = serves === undefined ? 'messages' : isVoice ? 'speak' : 'transcribe';
    this.chooseKind();
  }

  chooseKind() {
    this.stop();
    const kind = this.kind.value;
    const protocols = PROTOCOLS[kind];
    const served = protocols.indexOf(this.serves?.protocol);
    this.protocol.replaceChildren(
      ...protocols.map((name, index) => element('option', { selected: index === served }, name)),
    );
    for (const field of this.speechFields) field.hidden = kind === 'messages';
    for (const field of this.messageFields) field.hidden = kind !== 'messages';
    this.actions.replaceChildren(...this[`${kind}Actions`]());
    this.showRunning(false);
  }

  messagesActions() {
    this.text = element('input', { 'aria-label': 'Text', placeholder: 'I need help with', required: true });
    const form = element(
      'form',
      { class: 'tools', submit: event => this.sendText(event) },
      this.text,
      element('button', {}, 'Send'),
    );
    return [form, this.endButton('End the input')];
  }

  transcribeActions() {
    this.microphoneButton = element('button', { type: 'button', click: () => this.listen() }, 'Use the microphone');
    this.file = element('input', {
      type: 'file',
      accept: '.wav,audio/wav',
      change: () => this.sendFile(this.file.files[0]),
    });
    this.fileLabel = element(
      'label',
      {
        class: 'drop',
        dragover: event => event.preventDefault(),
        drop: event => {
          event.preventDefault();
          void this.sendFile(event.dataTransfer.files[0]);
        },
      },
      'or a WAV file (choose or drop it) ',
      this.file,
    );
    return [this.microphoneButton, this.endButton('Stop'), this.fileLabel];
  }

  speakActions() {
    this.text = element('textarea', { 'aria-label': 'Text to speak', rows: 2, required: true }, 'Hello there.');
    const form = element(
      'form',
      { class: 'tools', submit: event => this.speak(event) },
      this.text,
      element('button', {}, 'Speak'),
    );
    return [form];
  }

  endButton(label) {
    this.end = element('button', { type: 'button', click: () => this.finish() }, label);
    return this.end;
  }

  // The stream.

  /** Opens a stream, and resolves when its first message may be sent. */
  async open(fields = {}) {
    this.stop();
    this.failure.replaceChildren();
    this.log.replaceChildren();
    setText(this.interim, '');
    setText(this.status, 'Opening…');
    const kind = this.kind.value;
    const socket = openSocket('try');
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.startedAt = performance.now();
    this.firstMs = undefined;
    socket.addEventListener('message', ({ data }) => {
      if (this.socket !== socket) return;
      if (typeof data === 'string') this.onEvent(JSON.parse(data));
      else this.onBytes(data);
    });
    socket.addEventListener('close', () => this.socket === socket && this.onClose());
    await new Promise(resolve => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('close', resolve);
    });
    if (socket.readyState !== WebSocket.OPEN) return undefined;
    const named = name => (this[name].value.trim() === '' ? undefined : this[name].value.trim());
    const model =
      kind === 'messages'
        ? { path: named('path'), query: named('query') }
        : { protocol: this.protocol.value, modelName: named('model'), language: named('language') };
    socket.send(JSON.stringify({ endpointName: this.endpoint.value, kind, ...model, ...fields }));
    this.showRunning(true);
    return socket;
  }

  finish() {
    void this.microphone?.close();
    this.microphone = undefined;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ finish: true }));
  }

  /** Cuts the stream that runs. */
  stop() {
    void this.microphone?.close();
    this.microphone = undefined;
    this.socket?.close();
    this.socket = undefined;
  }

  onEvent(event) {
    switch (event.type) {
      case 'opened':
        if (event.sampleRate) {
          void this.speaker?.close();
          this.speaker = new Speaker(event.sampleRate);
        }
        setText(this.status, `Open${event.description ? `: ${event.description}` : ''}.`);
        break;
      case 'partial':
        this.noteFirst();
        setText(this.interim, event.text);
        break;
      case 'final':
        this.noteFirst();
        setText(this.interim, '');
        this.add('sent', `${event.start.toFixed(1)}–${event.end.toFixed(1)} s`, event.text);
        break;
      case 'message':
        this.noteFirst();
        this.add('sent', '↓', event.text);
        break;
      case 'warning':
        this.add('quiet', 'Warning', event.message);
        break;
      case 'done':
        this.isDone = true;
        setText(this.status, this.summary('Ended in order.'));
        break;
      case 'failed':
        this.isDone = true;
        setText(this.status, this.summary('Broke.'));
        this.failure.replaceChildren(...explanation(event));
        break;
    }
  }

  onBytes(data) {
    this.noteFirst();
    if (this.kind.value === 'speak') {
      this.speaker.play(data);
      setText(this.status, this.summary('Speaking.'));
    } else {
      this.add('sent', '↓', `${bytes(data.byteLength)} of bytes`);
    }
  }

  onClose() {
    if (!this.isDone)
      setText(this.status, 'The stream of the page was closed: bidi local ended, or too many pages are open.');
    this.isDone = false;
    void this.microphone?.close();
    this.microphone = undefined;
    this.socket = undefined;
    this.showRunning(false);
  }

  summary(how) {
    const first = this.firstMs === undefined ? '' : ` First answer after ${duration(this.firstMs)}.`;
    const spoken =
      this.kind.value === 'speak' && this.speaker ? ` ${this.speaker.seconds.toFixed(1)} s of speech.` : '';
    return `${how}${first}${spoken}`;
  }

  noteFirst() {
    this.firstMs ??= performance.now() - this.startedAt;
  }

  showRunning(isRunning) {
    if (this.end) this.end.disabled = !isRunning;
    if (this.kind.value !== 'transcribe') return;
    this.microphoneButton.disabled = isRunning;
    this.file.disabled = isRunning;
  }

  add(kind, label, words) {
    this.log.append(element('li', {}, element('span', { class: kind }, label), ' ', words));
    while (this.log.childElementCount > LOG_LIMIT) this.log.firstChild.remove();
    this.log.scrollTop = this.log.scrollHeight;
  }

  // The input of each kind.

  async sendText(event) {
    event.preventDefault();
    const words = this.text.value;
    this.text.value = '';
    const socket = this.socket ?? (await this.open());
    if (socket?.readyState !== WebSocket.OPEN) return;
    this.add('received', '↑', words);
    socket.send(JSON.stringify({ text: words }));
  }

  async speak(event) {
    event.preventDefault();
    const words = this.text.value;
    const socket = await this.open();
    if (!socket) return;
    this.add('received', '↑', words);
    socket.send(JSON.stringify({ text: words }));
    this.finish();
  }

  async listen() {
    this.microphoneButton.disabled = true;
    let socket;
    try {
      const microphone = await Microphone.open(samples => {
        if (socket?.readyState !== WebSocket.OPEN) return;
        if (socket.bufferedAmount > WAITING_LIMIT_BYTES) {
          this.add('quiet', 'Warning', 'The model does not keep up with the microphone; the stream was ended.');
          this.finish();
        } else socket.send(samples);
      });
      socket = await this.open({ sampleRate: microphone.sampleRate });
      if (socket) this.microphone = microphone;
      else await microphone.close();
    } catch (error) {
      this.showRunning(false);
      this.failure.replaceChildren(
        ...explanation({
          what: `The microphone cannot be used: ${error.message}`,
          why: 'The browser was not allowed to, or the machine has none.',
          next: 'Allow it in the browser’s address bar, or choose a WAV file.',
        }),
      );
    }
  }

  async sendFile(file) {
    if (!file) return;
    const socket = await this.open();
    if (!socket) return;
    for (let at = 0; at < file.size && socket.readyState === WebSocket.OPEN; at += PIECE_BYTES) {
      socket.send(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
      while (socket.bufferedAmount > WAITING_LIMIT_BYTES) await new Promise(resolve => setTimeout(resolve, 50));
    }
    if (socket === this.socket) this.finish();
    this.file.value = '';
  }
}

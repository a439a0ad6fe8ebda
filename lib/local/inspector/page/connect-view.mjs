import { copied, element, setText } from './element.mjs';
import * as snippets from './snippets.mjs';
import { state } from './state.mjs';

/** Variables, commands and programs that reach this start. */
export class ConnectView {
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
    const [endpoint] = endpoints;
    const endpointName = shellWord(endpoint.name);
    const stack = endpoint.stack && shellWord(endpoint.stack);
    this.node.replaceChildren(
      element('h2', {}, 'How to connect'),
      element(
        'p',
        {},
        `The local SageMaker answers at ${url}. Every AWS SDK with the operation InvokeEndpointWithBidirectionalStream reads these variables:`,
      ),
      block('Variables', variables),
      block('On the command line', `npx bidi ${command(endpoint)} --local --endpoint ${endpointName}`),
      block(
        'WebSocket clients: the gateway',
        `npx bidi gateway --local --endpoint ${endpointName} # ws://127.0.0.1:8080`,
      ),
      block(
        'Does the container keep the contract?',
        stack ? `npx bidi check --stack ${stack}` : 'npx bidi check ./FOLDER',
      ),
      block('TypeScript', snippets.typeScript(endpoint.name)),
      block('Python, with aws-sdk-sagemaker-runtime-http2[awscrt]', snippets.python(endpoint.name)),
      block('Java, with software.amazon.awssdk:sagemakerruntimehttp2', snippets.java(endpoint.name)),
      block('Rust, with aws-sdk-sagemakerruntimehttp2', snippets.rust(endpoint.name)),
    );
  }
}

function block(title, content) {
  const told = element('span', { role: 'status', class: 'quiet' });
  const copy = async () => setText(told, await copied(content));
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

/** A command that the model of an endpoint answers. */
function command({ serves }) {
  if (serves === undefined) return 'invoke "I need help with"';
  const isVoice = serves.protocol === 'vllm-omni' || /^aura|^flux-(?!general)/.test(serves.modelName ?? '');
  return isVoice ? 'speak "Hello there." -o hello.wav' : 'transcribe recording.wav';
}

function shellWord(value) {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

import { isWhole, payloadOf, text } from './steps.mjs';

/** Longest line of bytes in a test, in characters of base64; a longer message is written over several. */
const LINE = 100;

/**
 * A jest test that sends what the client of a session sent, when it did, and expects what came back.
 *
 * @returns {{ source?: string, problem?: string }} the test, or why there can be none.
 */
export function replayTest(session, steps, skipped, endpoint) {
  const messages = steps.filter(({ type }) => type === 'message');
  const sent = messages.filter(({ direction }) => direction === 'received');
  if (session.state === 'open') return { problem: 'The session is still open: a test replays one that is over.' };
  if (sent.length === 0) return { problem: 'The client sent nothing.' };
  if (skipped > 0)
    return { problem: `${skipped} steps are no longer kept, so the test would send less than the client did.` };
  const cut = sent.filter(step => !isWhole(step)).length;
  if (cut > 0) {
    return {
      problem: `${cut} of ${sent.length} messages are not kept whole: they passed before a page was open, or are too long.`,
    };
  }
  const [path, query] = session.path.split('?');
  const answers = messages.filter(({ direction }) => direction === 'sent');
  const inputEnded = steps.some(({ type }) => type === 'input-ended');
  return { source: source({ session, endpoint, path, query, sent, answers, inputEnded }) };
}

function source({ session, endpoint, path, query, sent, answers, inputEnded }) {
  const isFailed = session.outcome !== 'ended';
  const target = [
    `endpointName: ${quoted(session.endpoint)},`,
    ...(path === 'invocations-bidirectional-stream' ? [] : [`modelInvocationPath: ${quoted(path)},`]),
    ...(query ? [`modelQueryString: ${quoted(query)},`] : []),
  ];
  return `import { setTimeout as delay } from 'node:timers/promises';
import { BidiSession, SageMakerRuntimeHTTP2Client } from 'sagemaker-bidi-kit/client';
${imports(endpoint)}
/** What the client sent, when, in milliseconds from the open: session ${session.requestId} of ${new Date(session.openedAt).toISOString()}. */
const MESSAGES: readonly { atMs: number; data: string | Uint8Array; final: boolean }[] = [
${sent.map(message).join('\n')}
];

test(${quoted(`${session.endpoint} answers as in session ${session.requestId}`)}, async () => {
${start(endpoint)}  const answers: (string | Uint8Array)[] = [];
  const replay = async () => {
    await using session = await BidiSession.open({
      client,
      ${target.join('\n      ')}
    });
    const reading = (async () => {
      for await (const answer of session) answers.push(answer);
    })();
    reading.catch(() => {}); // thrown below
    const openedAt = performance.now();
    for (const { atMs, data, final } of MESSAGES) {
      await delay(Math.max(0, openedAt + atMs - performance.now()));
      await session.sendFragment(data, { final });
    }
${inputEnded ? '    await session.closeInput();\n' : ''}    await reading;
  };
  try {
${expectation(session, isFailed, answers)}  } finally {
    client.destroy();
${endpoint?.stack ? '    await local.close();\n' : ''}  }
}, ${timeoutMs(session)});
`;
}

function imports({ stack, serves } = {}) {
  if (!stack) return '';
  const simulate = serves ? ', simulateModelPackages' : '';
  return `import { LocalSageMaker, readCloudAssembly${simulate} } from 'sagemaker-bidi-kit/local';\n`;
}

/** The local SageMaker of the test's own where a stack names the endpoint; else the one that runs. */
function start({ stack, serves } = {}) {
  if (!stack) {
    return `  // The variables of bidi local lead to it: see How to connect.
  const client = new SageMakerRuntimeHTTP2Client();
`;
  }
  return `  // What \`npx cdk synth\` wrote.
  const read = await readCloudAssembly(process.env.CDK_OUTDIR ?? 'cdk.out', { stacks: [${quoted(stack)}] });
  const local = await LocalSageMaker.start({ endpoints: ${serves ? 'simulateModelPackages(read).endpoints' : 'read'}, port: 0, tls: false });
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
  });
`;
}

function expectation(session, isFailed, answers) {
  if (isFailed) {
    return `    // ${oneLine(session.explanation?.what ?? session.outcome)}
    await expect(replay()).rejects.toThrow();
`;
  }
  const texts = wholeTexts(answers);
  const bytes = answers.filter(({ dataType }) => dataType === 'BINARY').reduce((sum, step) => sum + step.bytes, 0);
  return `    await replay();
${
  texts
    ? `    expect(answers.filter(answer => typeof answer === 'string')).toEqual([
${texts.map(each => `      ${quoted(each)},`).join('\n')}
    ]);
`
    : '    // What the model answered as text is not kept whole.\n'
}    expect(answers.reduce((sum, answer) => sum + (typeof answer === 'string' ? 0 : answer.length), 0)).toBe(${bytes});
`;
}

/** The text messages of the model, parts joined; undefined where one is not kept whole. */
function wholeTexts(answers) {
  const texts = [];
  let parts = '';
  for (const step of answers.filter(({ dataType }) => dataType === 'UTF8')) {
    if (!isWhole(step)) return undefined;
    parts += text(payloadOf(step) ?? new Uint8Array(0));
    if (step.completionState !== 'COMPLETE') continue;
    texts.push(parts);
    parts = '';
  }
  return texts;
}

function message(step) {
  const held = payloadOf(step) ?? new Uint8Array(0);
  const data = step.dataType === 'UTF8' ? quoted(text(held)) : `Buffer.from(${inLines(step.base64 ?? '')}, 'base64')`;
  return `  { atMs: ${Math.round(step.atMs)}, final: ${step.completionState === 'COMPLETE'}, data: ${data} },`;
}

function inLines(base64) {
  const lines = base64.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [''];
  return lines.length === 1 ? `'${lines[0]}'` : `\n    ${lines.map(line => `'${line}'`).join(' +\n    ')}`;
}

/** Time to start, to replay at the recorded pace, and to spare. */
function timeoutMs({ durationMs }) {
  return 60_000 + 2 * Math.ceil((durationMs ?? 0) / 1_000) * 1_000;
}

function quoted(value) {
  const escaped = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

function oneLine(value) {
  return value.replaceAll(/\s+/g, ' ');
}

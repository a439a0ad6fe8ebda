import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../../../container/speech-simulator/src/configuration';
import { simulatorServer } from '../../../../container/speech-simulator/src/simulator-server';
import type { StreamingServer } from '../../../../container/speech-simulator/src/streaming/streaming-server';
import { DeepgramProducts } from '../../../../lib/contract';

// biome-ignore lint/suspicious/noExplicitAny: the messages are JSON of many shapes
type Message = any;

const EXAMPLES = resolve(__dirname, '../../../../examples');
const WAV = readFileSync(join(EXAMPLES, 'sample.wav'));
const SCRIPT = JSON.parse(readFileSync(join(EXAMPLES, 'sample.script.json'), 'utf8'));
const PCM = WAV.subarray(WAV.indexOf('data') + 8);
const NOVA = 'v1/listen?model=nova-3&language=en';
const FLUX = 'v2/listen?model=flux-general-en';

let server: StreamingServer;
let port: number;
const log: Message[] = [];

beforeAll(async () => {
  const environment = {
    SAGEMAKER_BIND_TO_PORT: '0',
    BIDI_BIND_TO_HOST: '127.0.0.1',
    SIMULATOR_IDLE_TIMEOUT_MS: '400',
    SIMULATOR_SPEED: 'max',
  };
  server = simulatorServer(readConfiguration(environment, ['serve']), (event, fields) =>
    log.push({ event, ...fields }),
  );
  port = await server.start();
});
afterAll(() => server.drain(0));

function simulator(environment: NodeJS.ProcessEnv): StreamingServer {
  const configuration = readConfiguration(
    { SAGEMAKER_BIND_TO_PORT: '0', BIDI_BIND_TO_HOST: '127.0.0.1', ...environment },
    ['serve'],
  );
  return simulatorServer(configuration, (event, fields) => log.push({ event, ...fields }));
}

/** A session that says all and gathers what comes back until the end. */
async function talk(target: string, say: (webSocket: WebSocket, json: (message: object) => void) => void, at = port) {
  const webSocket = new WebSocket(`ws://127.0.0.1:${at}/${target}`);
  const messages: Message[] = [];
  const order: string[] = [];
  const audio: Buffer[] = [];
  let response: IncomingMessage | undefined;
  webSocket.on('upgrade', answer => {
    response = answer;
  });
  webSocket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? undefined : JSON.parse(data.toString());
    if (isBinary) audio.push(data);
    else messages.push(message);
    order.push(message?.type ?? 'audio');
  });
  await once(webSocket, 'open');
  say(webSocket, message => webSocket.send(JSON.stringify(message)));
  const [code, reason] = (await once(webSocket, 'close')) as [number, Buffer];
  return { messages, order, audio: Buffer.concat(audio), code, reason: reason.toString(), headers: response!.headers };
}

/** Sends audio cut into pieces of a size, then `CloseStream`. */
function play(target: string, bytes: Buffer, size = 3_200) {
  return talk(target, (webSocket, json) => {
    for (let at = 0; at < bytes.length; at += size) webSocket.send(bytes.subarray(at, at + size));
    json({ type: 'CloseStream' });
  });
}

/** The refusal of an upgrade. */
async function refused(target: string) {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/${target}`);
  webSocket.on('error', () => undefined);
  const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body: body === '' ? undefined : JSON.parse(body) };
}

const transcripts = (messages: Message[]) =>
  messages
    .filter(message => message.type === 'Results' && message.is_final)
    .map(message => message.channel.alternatives[0].transcript)
    .filter(text => text !== '');

describe('it never pretends to recognise speech', () => {
  test('at start, in a header, and in the metadata of each protocol', async () => {
    expect(log.find(line => line.event === 'simulator')).toMatchObject({
      notice: expect.stringMatching(/does not recognise/),
    });
    const nova = await play(NOVA, WAV);
    expect(nova.headers['x-simulated-by']).toMatch(/^deepgram-simulator\//);
    expect(nova.messages[0].metadata.model_info).toMatchObject({ name: 'deepgram-simulator', arch: 'script' });
    expect(Object.values(nova.messages.at(-1).model_info)).toEqual([
      expect.objectContaining({ name: 'deepgram-simulator' }),
    ]);
    for (const target of [FLUX, 'v1/speak?model=aura-2-thalia-en', 'v2/speak?model=flux-haley-en']) {
      const { messages } = await talk(target, (_, json) =>
        json({ type: target.includes('listen') ? 'CloseStream' : 'Close' }),
      );
      expect(messages[0]).toMatchObject({
        model_name: 'deepgram-simulator',
        notice: expect.stringMatching(/simulator/),
      });
    }
  });
});

describe('v1/listen', () => {
  test('gives the words of the script with their times, and the metadata of the audio', async () => {
    const { messages, code } = await play(`${NOVA}&smart_format=true`, WAV);
    expect(transcripts(messages).join(' ')).toBe(SCRIPT.transcript);
    const words = messages
      .filter(message => message.is_final)
      .flatMap(message => message.channel.alternatives[0].words);
    expect(words).toEqual(SCRIPT.words);
    expect(messages.at(-1)).toMatchObject({
      type: 'Metadata',
      sha256: createHash('sha256').update(WAV).digest('hex'),
      duration: Math.round((PCM.length / 32_000) * 1000) / 1000,
      channels: 1,
    });
    expect(code).toBe(1000);
  });

  test('the results cover the audio without gap or overlap', async () => {
    const { messages } = await play(NOVA, WAV);
    let end = 0;
    for (const { start, duration } of messages.filter(message => message.is_final)) {
      expect(start).toBeCloseTo(end, 3);
      end = start + duration;
    }
    expect(end).toBeCloseTo(PCM.length / 32_000, 3);
  });

  test.each([
    ['raw audio', `${NOVA}&interim_results=true&encoding=linear16&sample_rate=16000`, PCM, 3_200],
    ['raw audio in odd pieces', `${NOVA}&interim_results=true&encoding=linear16&sample_rate=16000`, PCM, 977],
    ['WAV in one piece', `${NOVA}&interim_results=true`, WAV, WAV.length],
    ['WAV with a split header', `${NOVA}&interim_results=true`, WAV, 41],
  ])('depends on the audio’s time alone: %s', async (_, target, bytes, size) => {
    const reference = await play(`${NOVA}&interim_results=true`, WAV);
    const { messages } = await play(target, bytes, size);
    const results = (all: Message[]) => all.slice(0, -1).map(({ metadata: _unlike, ...message }) => message);
    expect(results(messages)).toEqual(results(reference.messages));
  });

  test('says nothing before it was spoken, and interim results only on request', async () => {
    const half = PCM.subarray(0, 32_000);
    const target = `${NOVA}&encoding=linear16&sample_rate=16000`;
    const { messages } = await play(target, half);
    expect(transcripts(messages)).toEqual(['i need help with']);
    expect(messages.filter(message => message.is_final === false)).toEqual([]);
    const interim = (await play(`${target}&interim_results=true`, half)).messages.filter(
      message => message.is_final === false,
    );
    expect(interim.map(message => message.channel.alternatives[0].transcript)).toEqual([
      'i',
      'i need',
      'i need help',
      'i need help with',
    ]);
    for (const { start, duration, channel } of interim) {
      expect(channel.alternatives[0].words.at(-1).end).toBeLessThanOrEqual(start + duration);
    }
  });

  test('goes on with interim results when nobody speaks, once a second of audio', async () => {
    const target = `${NOVA}&encoding=linear16&sample_rate=16000&interim_results=true&simulator_transcript=One%20word.`;
    const { messages } = await play(target, Buffer.alloc(4 * 32_000));
    const ends = messages.filter(({ type }) => type === 'Results').map(({ start, duration }) => start + duration);
    expect(ends.length).toBeGreaterThanOrEqual(4);
    for (const [index, end] of ends.entries()) expect(end - (ends[index - 1] ?? 0)).toBeLessThanOrEqual(1.001);
  });

  test('marks phrases, beginnings and ends of utterances', async () => {
    const silence = Buffer.alloc(3 * 32_000);
    const target = `${NOVA}&encoding=linear16&sample_rate=16000&interim_results=true&vad_events=true&utterance_end_ms=1000`;
    const { messages } = await play(target, Buffer.concat([PCM, silence]));
    expect(messages.filter(({ type }) => type === 'SpeechStarted').map(({ timestamp }) => timestamp)).toEqual([
      0, 2.233, 3.45,
    ]);
    expect(
      messages.filter(message => message.speech_final).map(message => message.channel.alternatives[0].words.at(-1).end),
    ).toEqual([1.963, 3.34, 4.574]);
    expect(messages.filter(({ type }) => type === 'UtteranceEnd')).toEqual([
      { type: 'UtteranceEnd', channel: [0, 1], last_word_end: 4.574 },
    ]);
  });

  test('without endpointing a result ends after five seconds', async () => {
    const text = Array.from({ length: 20 }, (_, index) => `w${index}`).join('%20');
    const target = `${NOVA}&encoding=mulaw&sample_rate=8000&endpointing=false&simulator_transcript=${text}`;
    const { messages } = await play(target, Buffer.alloc(64_000));
    const finals = messages.filter(message => message.type === 'Results');
    expect(finals.map(({ start, duration, speech_final }) => [start, duration, speech_final])).toEqual([
      [0, 5, false],
      [5, 3, true],
    ]);
    expect(transcripts(messages).join(' ')).toBe(decodeURIComponent(text));
  });

  test('Finalize brings what was heard, at once', async () => {
    const { messages } = await talk(
      `${NOVA}&encoding=linear16&sample_rate=16000&endpointing=false`,
      (webSocket, json) => {
        webSocket.send(PCM.subarray(0, 32_320));
        json({ type: 'Finalize' });
        json({ type: 'KeepAlive' });
        webSocket.send(PCM.subarray(32_320));
        json({ type: 'CloseStream' });
      },
    );
    expect(messages[0]).toMatchObject({ is_final: true, from_finalize: true, start: 0, duration: 1.01 });
    expect(messages[1]).toMatchObject({ is_final: true, from_finalize: false, start: 1.01 });
    expect(transcripts(messages).join(' ')).toBe(SCRIPT.words.map(({ word }: Message) => word).join(' '));
  });

  test('multilingual results name their languages', async () => {
    const { messages } = await play('v1/listen?model=nova-3&language=multi&diarize=true', WAV);
    expect(messages[0].channel.alternatives[0]).toMatchObject({
      languages: ['en'],
      words: [{ language: 'en', speaker: 0 }, {}, {}, {}, {}, {}, {}],
    });
  });

  test('an unknown message is answered with a schema error, and the stream goes on', async () => {
    const { messages, code } = await talk(NOVA, (webSocket, json) => {
      webSocket.send('{"type":');
      json({ type: 'Dance' });
      json({ type: 'CloseStream' });
    });
    expect(messages.slice(0, 2)).toEqual([
      expect.objectContaining({ type: 'Error', variant: 'SchemaError', message: '{"type":' }),
      expect.objectContaining({ type: 'Error', variant: 'SchemaError' }),
    ]);
    expect(code).toBe(1000);
  });

  test('audio of no known kind is refused', async () => {
    const { code, reason } = await talk(NOVA, webSocket => webSocket.send(Buffer.alloc(100)));
    expect([code, reason]).toEqual([1008, expect.stringMatching(/^DATA-0000/)]);
  });

  test('a silent caller is dropped, one that keeps alive is not', async () => {
    const impatient = simulator({ SIMULATOR_IDLE_TIMEOUT_MS: '400' });
    const began = performance.now();
    const keepAlive = (_: WebSocket, json: (message: object) => void) => {
      const keep = setInterval(() => json({ type: 'KeepAlive' }), 100);
      setTimeout(() => clearInterval(keep), 700);
    };
    const { code, reason } = await talk(NOVA, keepAlive, await impatient.start());
    expect([code, reason]).toEqual([1011, expect.stringMatching(/^NET-0001/)]);
    expect(performance.now() - began).toBeGreaterThan(900);
    await impatient.drain(0);
  });
});

describe('v2/listen', () => {
  test('numbers its messages and keeps the turns apart', async () => {
    const { messages, code } = await play(`${FLUX}&eager_eot_threshold=0.4`, WAV);
    expect(messages[0]).toMatchObject({ type: 'Connected', sequence_id: 0 });
    expect(messages.map(message => message.sequence_id)).toEqual(messages.map((_, index) => index));
    const turns = messages.filter(message => message.event === 'EndOfTurn');
    expect(turns.map(turn => [turn.turn_index, turn.transcript, turn.trigger])).toEqual([
      [0, 'I need help with my account balance.', 'model'],
      [1, 'I can help with that and recent charges.', 'manual'],
    ]);
    expect(turns[1].audio_window_start).toBe(turns[0].audio_window_end);
    const eager = messages.findIndex(message => message.event === 'EagerEndOfTurn');
    expect(messages[eager].transcript).toBe(turns[0].transcript);
    expect(code).toBe(1000);
  });

  test('an update comes every quarter of a second', async () => {
    const { messages } = await play(
      `${FLUX}&encoding=mulaw&sample_rate=8000&simulator_transcript=`,
      Buffer.alloc(16_000),
    );
    expect(messages.slice(1).map(message => [message.event, message.audio_window_end, message.transcript])).toEqual(
      [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2].map(at => ['Update', at, '']),
    );
  });

  test('a turn that goes on after its eager end is resumed', async () => {
    const target = `${FLUX}&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.3&eot_threshold=1&simulator_transcript=One.%20Two`;
    const { messages } = await play(target, Buffer.alloc(16_000));
    const events = messages.map(message => message.event).filter(event => event && event !== 'Update');
    expect(events).toEqual(['StartOfTurn', 'EagerEndOfTurn', 'TurnResumed', 'EagerEndOfTurn', 'EndOfTurn']);
  });

  test('silence ends a turn whatever the confidence, and ForceEndTurn at once', async () => {
    const target = `${FLUX}&encoding=mulaw&sample_rate=8000&eot_threshold=1&eot_timeout_ms=1000&simulator_transcript=One`;
    const timeout = (await play(target, Buffer.alloc(16_000))).messages.find(message => message.event === 'EndOfTurn');
    expect(timeout).toMatchObject({ trigger: 'timeout', audio_window_end: 1.3 });
    const forced = await talk(target, (webSocket, json) => {
      webSocket.send(Buffer.alloc(4_000));
      json({ type: 'ForceEndTurn' });
      json({ type: 'CloseStream' });
    });
    expect(forced.messages.at(-1)).toMatchObject({ event: 'EndOfTurn', trigger: 'manual', audio_window_end: 0.5 });
  });

  test('thresholds can be changed on the way, within their ranges', async () => {
    const { messages } = await talk(FLUX, (_, json) => {
      json({ type: 'Configure', thresholds: { eot_threshold: 0.9 } });
      json({ type: 'Configure', thresholds: { eot_threshold: 0.1 } });
      json({ type: 'CloseStream' });
    });
    expect(messages[1]).toMatchObject({
      type: 'ConfigureSuccess',
      thresholds: { eot_threshold: 0.9, eot_timeout_ms: 5_000 },
    });
    expect(messages[2]).toMatchObject({ type: 'ConfigureFailure' });
  });

  test('an unknown message is fatal', async () => {
    const { messages, code } = await talk(FLUX, webSocket => webSocket.send('?'));
    expect(messages.at(-1)).toMatchObject({ type: 'Error', sequence_id: 1, code: 'UNPARSABLE_CLIENT_MESSAGE' });
    expect(code).toBe(1008);
  });
});

describe('v1/speak', () => {
  const AURA = 'v1/speak?model=aura-2-thalia-en';

  test('speaks on Flush, in order, and what is left on Close', async () => {
    const { order, messages, audio, code } = await talk(AURA, (_, json) => {
      json({ type: 'Speak', text: 'One t' });
      json({ type: 'Speak', text: 'wo.' });
      json({ type: 'Flush' });
      json({ type: 'Speak', text: 'three' });
      json({ type: 'Close' });
    });
    expect(order).toEqual(['Metadata', 'audio', 'audio', 'Flushed', 'audio']);
    expect(messages.at(-1)).toEqual({ type: 'Flushed', sequence_id: 0 });
    // Words of 3, 4 and 5 characters at 24 kHz: 0.12 s and 0.05 s a character, and 0.04 s of silence after each.
    expect(audio.length).toBe(2 * 24_000 * (0.12 * 3 + 0.05 * 12 + 0.04 * 3));
    expect(audio.some(byte => byte !== 0)).toBe(true);
    expect(code).toBe(1000);
  });

  test('Clear forgets what was not spoken', async () => {
    const { order } = await talk(AURA, (_, json) => {
      json({ type: 'Speak', text: 'never heard' });
      json({ type: 'Clear' });
      json({ type: 'Close' });
    });
    expect(order).toEqual(['Metadata', 'Cleared']);
  });

  test.each([
    ['KeepAlive', (webSocket: WebSocket) => webSocket.send('{"type":"KeepAlive"}')],
    ['audio', (webSocket: WebSocket) => webSocket.send(Buffer.alloc(1))],
    ['Speak without text', (webSocket: WebSocket) => webSocket.send('{"type":"Speak"}')],
  ])('%s closes the stream', async (_, say) => {
    const { code, reason } = await talk(AURA, say);
    expect([code, reason]).toEqual([1008, expect.stringMatching(/^DATA-0000/)]);
  });
});

describe('v2/speak', () => {
  const FLUX_TTS = 'v2/speak?model=flux-haley-en&encoding=mulaw';

  test('keeps all audio of a turn between its beginning and its end', async () => {
    const { order, messages, audio, code } = await talk(FLUX_TTS, (_, json) => {
      json({ type: 'Speak', text: 'one two' });
      json({ type: 'Flush' });
      json({ type: 'Speak', text: 'three' });
      json({ type: 'Close' });
    });
    const turns = order.filter(type => type !== 'Flushed');
    expect(turns).toEqual([
      ...['Connected', 'SpeechStarted', 'audio', 'audio', 'SpeechMetadata'],
      ...['SpeechStarted', 'audio', 'SpeechMetadata', 'SessionMetadata'],
    ]);
    const ends = messages.filter(message => message.type === 'SpeechMetadata');
    expect(ends.map(end => end.input_character_count)).toEqual([7, 5]);
    expect(messages.at(-1)).toMatchObject({
      total_audio_duration_ms: (audio.length / 8_000) * 1000,
      total_input_character_count: 12,
    });
    expect(new Set(messages.filter(message => message.speech_id).map(message => message.speech_id)).size).toBe(2);
    expect(code).toBe(1000);
  });

  test('an interruption says what was heard', async () => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/${FLUX_TTS}`);
    await once(webSocket, 'open');
    const interrupted = new Promise<Message>(done =>
      webSocket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) webSocket.send(JSON.stringify({ type: 'Interrupt', playback_offset: 320 }));
        else if (data.includes('SpeechInterrupted')) done(JSON.parse(data.toString()));
      }),
    );
    webSocket.send(JSON.stringify({ type: 'Speak', text: 'one two six ' }));
    expect(await interrupted).toMatchObject({
      audio_played_ms: 320,
      text_spoken: 'one',
      text_remaining: 'two six',
      metadata: { input_character_count: 12 },
    });
    webSocket.terminate();
  });

  test('Flush and Interrupt without speech are warned about; Configure knows its range', async () => {
    const { messages } = await talk(FLUX_TTS, (_, json) => {
      json({ type: 'Flush' });
      json({ type: 'Interrupt' });
      json({ type: 'Configure', speed: 1.1 });
      json({ type: 'Configure', speed: 2 });
      json({ type: 'Close' });
    });
    expect(messages.slice(1, -1).map(message => message.code ?? message.type)).toEqual([
      'NO_ACTIVE_SPEECH',
      'NO_AUDIO_GENERATED',
      'ConfigureSuccess',
      'SPEED_OUT_OF_RANGE',
    ]);
  });
});

describe('wrong parameters are refused in Deepgram’s shape', () => {
  test.each([
    ['v1/listen', /model\/language/],
    ['v1/listen?model=nova-3&language=e', /model\/language/],
    [`${NOVA}&simulator_speed=0`, /`simulator_speed`, expected max/],
    ['v1/listen?model=whisper&language=en', /model\/language/],
    [`${NOVA}&encoding=mp4`, /unknown variant `mp4`/],
    [`${NOVA}&encoding=linear16`, /missing field `sample_rate`/],
    [`${NOVA}&encoding=linear16&sample_rate=1`, /invalid value `1`/],
    [`${NOVA}&interim_results=yes`, /unknown variant `yes`/],
    [`${NOVA}&utterance_end_ms=1000`, /needs `interim_results=true`/],
    [`${FLUX}&language=en`, /unknown field `language`/],
    ['v2/listen?model=nova-3', /unknown value `nova-3`/],
    [`${FLUX}&eot_threshold=0.1`, /invalid value `0.1`/],
    ['v1/speak?model=flux-haley-en', /unknown value/],
    ['v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=24000', /unknown variant `24000`/],
    ['v2/speak?model=flux-haley-en&voice=x', /unknown field `voice`/],
    ['v2/speak?model=a%0d%0aEvil:%201', /unknown value/],
  ])('%s', async (target, message) => {
    const { status, headers, body } = await refused(target);
    expect(status).toBe(400);
    expect(body).toEqual({
      err_code: 'INVALID_QUERY_PARAMETER',
      err_msg: expect.stringMatching(message),
      request_id: headers['dg-request-id'],
    });
    expect(headers['dg-error']).toMatch(message);
    expect(headers.evil).toBeUndefined();
    expect(log.at(-1)).toMatchObject({ event: 'refused', status: 400, reason: expect.stringMatching(message) });
  });

  test('any other path is 404', async () => {
    expect((await refused('invocations-bidirectional-stream')).status).toBe(404);
  });

  test('the contract’s example of each product is taken', async () => {
    for (const { path, exampleQuery, closeMessage } of Object.values(DeepgramProducts)) {
      expect((await talk(`${path}?${exampleQuery}`, (_, json) => json({ type: closeMessage }))).code).toBe(1000);
    }
  });
});

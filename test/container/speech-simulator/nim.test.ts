import { SAMPLE_PCM, SAMPLE_WORDS, startSimulator } from './support';

const SETTINGS = { SIMULATOR_SPEED: 'max' };
const COMPLETED = 'conversation.item.input_audio_transcription.completed';
const DELTA = 'conversation.item.input_audio_transcription.delta';

test('transcribes what is committed, and says which result is the last', async () => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open('v1/realtime?intent=transcription');
  await caller.message(({ type }) => type === 'conversation.created');
  caller.json({
    type: 'transcription_session.update',
    session: {
      input_audio_params: { sample_rate_hz: 16_000 },
      recognition_config: { enable_automatic_punctuation: true },
    },
  });
  const { session } = await caller.message(({ type }) => type === 'transcription_session.updated');
  expect(session).toMatchObject({
    input_audio_format: 'pcm16',
    input_audio_params: { sample_rate_hz: 16_000, num_channels: 1 },
    recognition_config: { enable_automatic_punctuation: true, max_alternatives: 1 },
  });
  for (let at = 0; at < SAMPLE_PCM.length; at += 3_200) {
    caller.json({
      type: 'input_audio_buffer.append',
      audio: SAMPLE_PCM.subarray(at, at + 3_200).toString('base64'),
    });
    caller.json({ type: 'input_audio_buffer.commit' });
  }
  caller.json({ type: 'input_audio_buffer.done' });
  await caller.message(message => message.is_last_result === true);
  const completed = caller.received.filter(({ type }) => type === COMPLETED);
  expect(completed.map(({ is_last_result: isLast }) => isLast)).toEqual([...completed.slice(1).map(() => false), true]);
  expect(completed.flatMap(({ words_info: { words } }) => words.map(({ word }: { word: string }) => word))).toEqual(
    SAMPLE_WORDS,
  );
  expect(completed[0]).toMatchObject({
    transcript: 'I need help with my account balance.',
    words_info: { words: [{ word: 'i', start_time: 0, end_time: 111, speaker_tag: 0 }, {}, {}, {}, {}, {}, {}] },
  });
  const deltas = caller.received.filter(({ type, item_id: id }) => type === DELTA && id === completed[0].item_id);
  expect(deltas.map(({ delta }) => delta).join('')).toBe(completed[0].transcript);
});

test.each([
  ['transcription', { type: 'input_audio_buffer.append', audio: 'A' }, 'invalid_audio'],
  ['transcription', { type: 'input_audio_buffer.commit' }, 'input_audio_buffer_commit_empty'],
  ['transcription', { type: 'session.update' }, 'invalid_event'],
  [
    'transcription',
    { type: 'transcription_session.update', session: { input_audio_params: { sample_rate_hz: 1 } } },
    'invalid_value',
  ],
  ['synthesize', { type: 'input_text.append' }, 'invalid_value'],
  ['synthesize', { no: 'type' }, 'invalid_event'],
])('%s: %j is an error, and the session goes on', async (intent, event, code) => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open(`v1/realtime?intent=${intent}`);
  caller.json(event);
  const { error } = await caller.message(({ type }) => type === 'error');
  expect(error).toMatchObject({ code, message: expect.any(String) });
  expect(caller.webSocket.readyState).toBe(caller.webSocket.OPEN);
});

test('speaks what is committed, and completes once', async () => {
  await using simulator = await startSimulator(SETTINGS);
  const caller = await simulator.open('v1/realtime?intent=synthesize');
  caller.json({
    type: 'synthesize_session.update',
    session: { output_audio_params: { sample_rate_hz: 16_000 } },
  });
  caller.json({ type: 'input_text.append', text: 'one two ' });
  caller.json({ type: 'input_text.commit' });
  caller.json({ type: 'input_text.append', text: 'three' });
  caller.json({ type: 'input_text.done' });
  await caller.message(({ type }) => type === 'conversation.item.speech.completed');
  expect(caller.types).toEqual([
    'conversation.created',
    'synthesize_session.updated',
    'input_text.committed',
    ...Array.from({ length: 3 }, () => 'conversation.item.speech.data'),
    'conversation.item.speech.completed',
  ]);
  const audio = caller.received.filter(({ audio: text }) => text).map(({ audio: text }) => Buffer.from(text, 'base64'));
  // Words of 3, 3 and 5 characters at 16 kHz: 0.12 s and 0.05 s a character, and 0.04 s of silence after each.
  expect(Buffer.concat(audio).length).toBe(2 * 16_000 * (0.12 * 3 + 0.05 * 11 + 0.04 * 3));
});

test('another intent has no session', async () => {
  await using simulator = await startSimulator(SETTINGS);
  await expect(simulator.open('v1/realtime?intent=conversation')).rejects.toThrow('404');
});

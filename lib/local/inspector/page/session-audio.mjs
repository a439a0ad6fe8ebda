import { bytesOf, jsonOf, payloadOf, text } from './steps.mjs';

/** Columns of the waveform in a second of audio: each is the lowest and the highest of its samples. */
export const COLUMNS_PER_SECOND = 100;

/** Bytes of binary messages from which on they are drawn though nothing says that they are audio. */
const GUESSED_AUDIO_BYTES = 3_200;

/** Names under which the protocols tell how samples are coded. */
const ENCODINGS = { linear16: 'linear16', pcm: 'linear16', pcm16: 'linear16', mulaw: 'mulaw', alaw: 'alaw' };

/**
 * The audio of a session and its words, from the steps: of the client where a model hears, of the model where it speaks. Steps are added as
 * they come, so that a long session costs no more than what is new.
 */
export class SessionAudio {
  /** @param {string} path path and query of the container's WebSocket. */
  constructor(path) {
    const [pathname, query] = path.split('?');
    const parameters = new URLSearchParams(query);
    const isSpeaking = /speak$|audio\/speech|synthesize/.test(path);
    this.direction = isSpeaking ? 'sent' : 'received';
    this.encoding = ENCODINGS[parameters.get('encoding')] ?? 'linear16';
    const given = Number(parameters.get('sample_rate'));
    this.isDeclared = given > 0 || /v1\/(realtime|audio\/speech)/.test(pathname) || isSpeaking;
    this.sampleRate = given || (isSpeaking ? 24_000 : 16_000);
    this.channels = Number(parameters.get('channels')) || 1;
    /** Lowest and highest of each column, from -1 to 1; NaN where the samples are not kept. */
    this.lows = [];
    this.highs = [];
    this.words = [];
    /** How late each final result came, as seconds from the open and milliseconds. */
    this.lagAt = [];
    this.lagMs = [];
    this.bytes = 0;
    this.missingBytes = 0;
    this.samples = 0;
    this.column = undefined;
    this.rest = new Uint8Array(0);
    /** For each message of audio: the seconds of audio up to its end, and when it passed. */
    this.marks = [];
    this.isFirst = true;
  }

  get bytesPerSample() {
    return this.encoding === 'linear16' ? 2 : 1;
  }

  get seconds() {
    return this.bytes / (this.bytesPerSample * this.channels) / this.sampleRate;
  }

  /** Whether there is something to draw. */
  get isPresent() {
    return this.isDeclared ? this.bytes > 0 : this.bytes >= GUESSED_AUDIO_BYTES;
  }

  get description() {
    const coded = `${this.encoding}, ${this.sampleRate / 1_000} kHz${this.channels > 1 ? `, ${this.channels} channels` : ''}`;
    const how = this.isDeclared ? coded : `${coded}: taken so, the session does not say how its bytes are coded`;
    const gaps = this.missingBytes === 0 ? '' : ` ${this.missingBytes} bytes are not kept and show as gaps.`;
    const perColumn = Math.round(this.sampleRate / COLUMNS_PER_SECOND);
    return `${this.direction === 'received' ? 'What the model heard' : 'What the model said'}: ${this.seconds.toFixed(1)} s (${how}). Sampled: each column is the lowest and highest of ${perColumn} samples.${gaps}`;
  }

  add(step) {
    if (step.type !== 'message') return;
    const message = jsonOf(step);
    if (message) this.addMessage(step, message);
    else if (step.dataType === 'BINARY' && step.direction === this.direction) this.addBinary(step);
  }

  addMessage(step, message) {
    if (step.direction === 'received') {
      if (message.type === 'input_audio_buffer.append' && typeof message.audio === 'string') {
        const audio = bytesOf(message.audio);
        this.addBytes(audio, audio.length, step.atMs);
        return;
      }
      const { input_audio_params: given } = message.session ?? {};
      if (given?.sample_rate_hz > 0 && this.bytes === 0) this.sampleRate = given.sample_rate_hz;
      if (this.direction === 'sent' && typeof message.text === 'string') this.addText(message.text, this.seconds);
    } else if (this.direction === 'received') {
      this.addResult(step, message);
    }
  }

  /** The words of a model that hears. */
  addResult(step, message) {
    this.addWords(message);
    const end = endOf(message);
    const mark = end === undefined ? undefined : this.marks.find(({ seconds }) => seconds >= end - 1e-6);
    if (!mark) return;
    this.lagAt.push(step.atMs / 1_000);
    this.lagMs.push(Math.max(0, step.atMs - mark.atMs));
  }

  addWords(message) {
    const { type, delta, event, transcript, audio_window_start: windowStart } = message;
    if (type === 'transcription.delta') this.addText(String(delta ?? ''), this.seconds);
    else if (type === 'TurnInfo') {
      if (event === 'EndOfTurn') this.addText(String(transcript ?? ''), windowStart ?? 0);
    } else if (isFinal(message)) {
      for (const { text, start } of timedWords(message)) this.addText(text, start);
    }
  }

  addText(content, start) {
    const trimmed = content.trim();
    if (trimmed) this.words.push({ text: trimmed, start });
  }

  addBinary(step) {
    let held = payloadOf(step) ?? new Uint8Array(0);
    let { bytes } = step;
    if (this.isFirst && text(held.subarray(0, 4)) === 'RIFF') {
      const header = this.readWavHeader(held);
      held = held.subarray(header);
      bytes -= header;
    }
    this.isFirst = false;
    this.addBytes(held, bytes, step.atMs);
  }

  /** @returns the length of the header; 0 of one that is not read here. */
  readWavHeader(held) {
    const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
    const data = text(held.subarray(0, 200)).indexOf('data');
    if (data < 0 || held.length < 44) return 0;
    const encoding = { 1: 'linear16', 6: 'alaw', 7: 'mulaw' }[view.getUint16(20, true)];
    if (!encoding) return 0;
    this.encoding = encoding;
    this.channels = view.getUint16(22, true) || 1;
    this.sampleRate = view.getUint32(24, true) || this.sampleRate;
    this.isDeclared = true;
    return data + 8;
  }

  addBytes(held, bytes, atMs) {
    this.bytes += bytes;
    this.missingBytes += bytes - held.length;
    this.marks.push({ seconds: this.seconds, atMs });
    const size = this.bytesPerSample * this.channels;
    const joined = this.rest.length === 0 ? held : concatenated(this.rest, held);
    const whole = joined.length - (joined.length % size);
    const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
    for (let at = 0; at < whole; at += size) this.addSample(this.sampleAt(view, at));
    this.rest = bytes > held.length ? new Uint8Array(0) : joined.slice(whole);
    for (let missing = Math.floor((bytes - held.length) / size); missing > 0; missing -= 1) this.addSample(Number.NaN);
  }

  sampleAt(view, at) {
    if (this.encoding === 'linear16') return view.getInt16(at, true) / 32_768;
    return (this.encoding === 'mulaw' ? fromMulaw : fromAlaw)(view.getUint8(at)) / 32_768;
  }

  addSample(value) {
    const column = Math.floor((this.samples * COLUMNS_PER_SECOND) / this.sampleRate);
    this.samples += 1;
    if (column !== this.column) {
      this.column = column;
      this.lows[column] = value;
      this.highs[column] = value;
    } else if (value < this.lows[column]) this.lows[column] = value;
    else if (value > this.highs[column]) this.highs[column] = value;
  }
}

/** Whether a result does not change any more: of Deepgram, and of NIM. */
function isFinal({ type, is_final: isFinalResult, is_last_result: isLast }) {
  return type === 'Results' ? isFinalResult === true : isLast === true || String(type).endsWith('.completed');
}

/** The words of a result with the seconds at which each begins: of Deepgram, and of NIM, which counts milliseconds. */
function timedWords({ channel, words_info: info }) {
  const words = channel?.alternatives?.[0]?.words ?? info?.words ?? [];
  return words.flatMap(({ punctuated_word: punctuated, word, start, start_time: startMs }) =>
    start === undefined && startMs === undefined
      ? []
      : [{ text: String(punctuated ?? word), start: start ?? startMs / 1_000 }],
  );
}

/** The end of the audio that a result is about, in seconds; undefined where it does not tell. */
function endOf({ start, duration, audio_window_end: end, words_info: info }) {
  if (typeof start === 'number' && typeof duration === 'number') return start + duration;
  if (typeof end === 'number') return end;
  const last = info?.words?.at(-1)?.end_time;
  return typeof last === 'number' ? last / 1_000 : undefined;
}

function concatenated(one, other) {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}

/** ITU-T G.711. */
function fromMulaw(byte) {
  const inverted = ~byte & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return inverted & 0x80 ? -magnitude : magnitude;
}

/** ITU-T G.711. */
function fromAlaw(byte) {
  const given = byte ^ 0x55;
  const exponent = (given & 0x70) >> 4;
  const mantissa = (given & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return given & 0x80 ? magnitude : -magnitude;
}

/** Seconds by which speech is played later than it came, so that a late piece leaves no gap. */
const AHEAD_SECONDS = 0.1;

/** Plays 16-bit samples as they come. */
export class Speaker {
  /** @param {number} sampleRate in Hz. */
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this.context = new AudioContext();
    this.playsUntil = 0;
    this.samples = 0;
    this.rest = new Uint8Array(0);
  }

  /** Seconds of speech so far. */
  get seconds() {
    return this.samples / this.sampleRate;
  }

  /** @param {ArrayBuffer} data samples; one that is parted waits for its other half. */
  play(data) {
    const bytes = new Uint8Array(this.rest.length + data.byteLength);
    bytes.set(this.rest);
    bytes.set(new Uint8Array(data), this.rest.length);
    const count = Math.floor(bytes.length / 2);
    this.rest = bytes.slice(count * 2);
    if (count === 0) return;
    const view = new DataView(bytes.buffer);
    const buffer = this.context.createBuffer(1, count, this.sampleRate);
    const channel = buffer.getChannelData(0);
    for (let index = 0; index < count; index += 1) channel[index] = view.getInt16(index * 2, true) / 32_768;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    this.playsUntil = Math.max(this.playsUntil, this.context.currentTime + AHEAD_SECONDS);
    source.start(this.playsUntil);
    this.playsUntil += buffer.duration;
    this.samples += count;
  }

  async close() {
    if (this.context.state !== 'closed') await this.context.close();
  }
}

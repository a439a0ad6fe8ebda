/** Pieces of the microphone, in milliseconds of audio. */
const PIECE_MS = 100;

/** Turns what the microphone hears into 16-bit samples, in pieces. */
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(Math.round((sampleRate * PIECE_MS) / 1_000));
    this.filled = 0;
  }

  process([input]) {
    for (const sample of input?.[0] ?? []) {
      this.piece[this.filled] = Math.max(-1, Math.min(1, sample)) * 32_767;
      this.filled += 1;
      if (this.filled < this.piece.length) continue;
      this.port.postMessage(this.piece.slice().buffer);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor('microphone', Microphone);

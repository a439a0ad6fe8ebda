/** Runs on the audio thread: 16-bit samples of one channel, in pieces of a tenth of a second. */
class Microphone extends AudioWorkletProcessor {
  samples = new Int16Array(Math.round(sampleRate / 10));
  filled = 0;

  process([[channel]]) {
    for (const value of channel ?? []) {
      this.samples[this.filled++] = Math.max(-1, Math.min(1, value)) * 32767;
      if (this.filled < this.samples.length) continue;
      const full = this.samples;
      this.samples = new Int16Array(full.length);
      this.filled = 0;
      this.port.postMessage(full.buffer, [full.buffer]); // handed over, not copied
    }
    return true;
  }
}

registerProcessor('microphone', Microphone);

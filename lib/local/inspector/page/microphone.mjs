/** Rate that speech models like best, in Hz; a browser that cannot keeps its own. */
const SAMPLE_RATE = 16_000;

/** The user's microphone as 16-bit samples. */
export class Microphone {
  /**
   * Asks the user for it.
   *
   * @param {(samples: ArrayBuffer) => void} onSamples
   * @throws DOMException when the user, or the machine, has none to give.
   */
  static async open(onSamples) {
    const media = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const context = new AudioContext({ sampleRate: SAMPLE_RATE });
    try {
      await context.audioWorklet.addModule('microphone-worklet.mjs');
      const source = context.createMediaStreamSource(media);
      const worklet = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0 });
      worklet.port.onmessage = ({ data }) => onSamples(data);
      source.connect(worklet);
    } catch (error) {
      for (const track of media.getTracks()) track.stop();
      await context.close();
      throw error;
    }
    return new Microphone(media, context);
  }

  constructor(media, context) {
    this.media = media;
    this.context = context;
  }

  get sampleRate() {
    return this.context.sampleRate;
  }

  async close() {
    for (const track of this.media.getTracks()) track.stop();
    await this.context.close();
  }
}

/** A control message of the client's. */
interface ControlMessage {
  readonly type?: string;
  readonly thresholds?: object;
}

/** The settings that a client makes on its stream with Flux's `Configure`, so that the next stream begins with them. */
export class Configuration {
  private settings: ControlMessage | undefined;

  /** One message with all of them, or undefined when there are none. */
  get message(): string | undefined {
    return this.settings && JSON.stringify(this.settings);
  }

  /** Reads a message of the client. @returns its type, if it is a control message */
  read(text: string): string | undefined {
    let message: ControlMessage | null;
    try {
      message = JSON.parse(text) as ControlMessage | null;
    } catch {
      return undefined; // the model says what is wrong with it
    }
    if (message?.type === 'Configure') {
      const thresholds = { ...this.settings?.thresholds, ...message.thresholds };
      this.settings = { ...this.settings, ...message, thresholds };
    }
    return message?.type;
  }
}

/** Counters and times of a session. Times in milliseconds, sizes in bytes of payload, without the protocol's own. */
export interface SessionStatistics {
  /** Attempts that the opens took, all together. */
  readonly openAttempts: number;
  /** From the call of `open()` to the response headers, retries included. */
  readonly openMs: number;
  /** From the first thing sent to the first response; `undefined` until then. */
  readonly firstByteMs: number | undefined;
  /** Round trip of the last HTTP/2 ping of the connection; `undefined` where the client's connections take none. */
  readonly roundTripMs: number | undefined;
  /** Messages that were sent whole. */
  readonly sentMessages: number;
  /** Payload given to `send` and `sendFragment`, each once however often it was replayed. */
  readonly sentBytes: number;
  /** Payload given to `send` and not yet taken by the SDK. */
  readonly pendingBytes: number;
  /** Messages that arrived whole. */
  readonly receivedMessages: number;
  /** Payload that arrived. */
  readonly receivedBytes: number;
  /** Streams that were opened in place of one that broke or met the platform's limit. */
  readonly resumes: number;
  /** Messages that were sent again on a resumed stream. */
  readonly replayedMessages: number;
  /** Payload of the messages that were sent again. */
  readonly replayedBytes: number;
  /** Messages that were not acknowledged when a stream broke, and no longer held: the model may not have them. */
  readonly unreplayableMessages: number;
  /** Payload of those messages. */
  readonly unreplayableBytes: number;
}

/** The same, while it changes. */
export type MutableStatistics = { -readonly [Key in keyof SessionStatistics]: SessionStatistics[Key] };

export function emptyStatistics(): MutableStatistics {
  return {
    openAttempts: 0,
    openMs: 0,
    firstByteMs: undefined,
    roundTripMs: undefined,
    sentMessages: 0,
    sentBytes: 0,
    pendingBytes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
    resumes: 0,
    replayedMessages: 0,
    replayedBytes: 0,
    unreplayableMessages: 0,
    unreplayableBytes: 0,
  };
}

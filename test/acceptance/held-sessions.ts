import { setTimeout as sleep } from 'node:timers/promises';
import { BidiSession, SageMakerRuntimeHTTP2Client, type SageMakerRuntimeHTTP2ClientConfig } from '../../lib/client';

/** How long a message may take to come back, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Sessions with an echo that are kept open, each with a message at a time on its way. Nothing resumes them: a cut one is a cut one. */
export class HeldSessions implements AsyncDisposable {
  /** Opens the sessions. @throws SessionError when one of them cannot be opened */
  static async open(
    endpointName: string,
    configuration: SageMakerRuntimeHTTP2ClientConfig,
    { count, messageMs }: { readonly count: number; readonly messageMs: number },
  ): Promise<HeldSessions> {
    const client = new SageMakerRuntimeHTTP2Client(configuration);
    const opened = await Promise.allSettled(
      Array.from({ length: count }, () => BidiSession.open({ endpointName, client })),
    );
    const sessions = opened.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    const held = new HeldSessions(client, sessions, messageMs);
    const refused = opened.find(result => result.status === 'rejected');
    if (!refused) return held;
    await held[Symbol.asyncDispose]();
    throw refused.reason;
  }

  /** Messages that came back so far. */
  exchanged = 0;
  private readonly openedAt = performance.now();
  private readonly ending = new AbortController();
  private readonly holding: Promise<PromiseSettledResult<void>[]>;

  private constructor(
    private readonly client: SageMakerRuntimeHTTP2Client,
    private readonly sessions: readonly BidiSession[],
    private readonly messageMs: number,
  ) {
    this.holding = Promise.allSettled(sessions.map((session, index) => this.hold(session, index)));
  }

  /** Age of the sessions, in milliseconds. */
  get ageMs(): number {
    return performance.now() - this.openedAt;
  }

  /** Ends the sessions in order. @throws Error when one was cut before, or lost or changed a message */
  async close(): Promise<void> {
    this.ending.abort();
    const ends = await this.holding;
    const cut = ends.flatMap(end => (end.status === 'rejected' ? [end.reason as Error] : []));
    if (cut.length > 0) throw new Error(`${cut.length} of ${ends.length} sessions did not last: ${cut[0]!.message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort();
    for (const session of this.sessions) session.abort();
    await this.holding;
    this.client.destroy();
  }

  private async hold(session: BidiSession, index: number): Promise<void> {
    for (let message = 0; message === 0 || !this.ending.signal.aborted; message += 1) {
      const text = `session ${index}, message ${message}`;
      await session.send(text);
      const answer = await session.receive({ timeoutMs: ANSWER_TIMEOUT_MS });
      if (answer !== text) throw new Error(`"${text}" came back as "${answer}".`);
      this.exchanged += 1;
      await sleep(this.messageMs, undefined, { signal: this.ending.signal }).catch(() => undefined);
    }
    await session.close();
  }
}

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { BidiSession, type SageMakerRuntimeHTTP2Client } from '../lib/client';
import type { Latencies } from './latency';
import { ENDPOINT_NAME } from './servers/local-sagemaker';

/** 100 ms of speech at 16 kHz and 16 bit. */
export const CHUNK = Buffer.alloc(3_200, 1);
export const CHUNK_MS = 100;

/** Something that sends back what it is sent. */
export interface Echo {
  /** Called for each echo. */
  onEcho: () => void;
  send(chunk: Buffer): Promise<void>;
  abort(): void;
}

/** An echo over the SDK's operation. */
export class SdkEcho implements Echo {
  onEcho = (): void => {};

  private constructor(private readonly session: BidiSession) {
    void this.receive();
  }

  static async open(client: SageMakerRuntimeHTTP2Client): Promise<SdkEcho> {
    return new SdkEcho(await BidiSession.open({ client, endpointName: ENDPOINT_NAME }));
  }

  async send(chunk: Buffer): Promise<void> {
    await this.session.send(chunk);
  }

  abort(): void {
    this.session.abort();
  }

  private async receive(): Promise<void> {
    try {
      for await (const _echo of this.session) this.onEcho();
    } catch {
      // Aborted at the end of the measurement.
    }
  }
}

/** An echo over a WebSocket, as through the gateway. */
export class WebSocketEcho implements Echo {
  onEcho = (): void => {};

  private constructor(private readonly webSocket: WebSocket) {
    webSocket.on('message', () => this.onEcho());
  }

  static async open(url: string): Promise<WebSocketEcho> {
    const webSocket = new WebSocket(url, { perMessageDeflate: false });
    await once(webSocket, 'open');
    return new WebSocketEcho(webSocket);
  }

  async send(chunk: Buffer): Promise<void> {
    this.webSocket.send(chunk);
  }

  abort(): void {
    this.webSocket.terminate();
  }
}

/** An audio session at real-time pace: each chunk has a time at which it is due, and the lag of its echo counts from there. */
export class PacedSession {
  private readonly due: number[] = [];
  private latencies: Latencies | undefined;

  /** @param intervalMs time between two chunks, in milliseconds. */
  constructor(
    private readonly echo: Echo,
    private readonly intervalMs = CHUNK_MS,
  ) {
    echo.onEcho = () => {
      const due = this.due.shift()!;
      this.latencies?.recordMs(performance.now() - due);
    };
  }

  async run(offsetMs: number, durationMs: number, latencies?: Latencies): Promise<void> {
    this.latencies = latencies;
    const begin = performance.now() + offsetMs;
    for (let at = 0; at < durationMs; at += this.intervalMs) {
      const due = begin + at;
      const wait = due - performance.now();
      if (wait > 0) await delay(wait);
      this.due.push(due);
      await this.echo.send(CHUNK);
    }
    // What is still on its way belongs to this run.
    for (let waited = 0; this.due.length > 0 && waited < 10_000; waited += 10) await delay(10);
  }

  abort(): void {
    this.echo.abort();
  }
}

import type { Close } from './close';

/** The result of one session. Counts only: never payload, token or query. */
export interface GatewaySession {
  /** Number of the session, from 1. */
  readonly session: number;
  /** Name of the endpoint. */
  readonly endpointName: string;
  /** Path of the client's WebSocket. */
  readonly path: string;
  /** The client for its limits: the number of its token, or its address. */
  readonly client: string;
  /** Milliseconds that the stream took to open. */
  readonly openMs: number;
  /** Milliseconds from the open to the end. */
  readonly durationMs: number;
  /** From the client. */
  readonly received: TrafficCount;
  /** To the client. */
  readonly sent: TrafficCount;
  /** Changes to another stream that the client did not notice. */
  readonly handOvers: number;
  /** Which side ended it: `model`, `client`, or the `gateway` for a limit or its own end. */
  readonly endedBy: 'model' | 'client' | 'gateway';
  /** How the client's WebSocket was closed. */
  readonly close: Close;
  /** Code of the error that it ended with, or undefined when it ended in order. */
  readonly error: string | undefined;
}

/** Frames and their payload in one direction. */
export interface TrafficCount {
  /** WebSocket frames. */
  readonly frames: number;
  /** Bytes of their payload. */
  readonly bytes: number;
}

/** An event of a gateway. */
export type GatewayEvent =
  | ({
      /** A stream is open and the client's upgrade is answered. */
      readonly type: 'session-opened';
    } & Pick<GatewaySession, 'session' | 'endpointName' | 'path' | 'client' | 'openMs'>)
  | ({
      /** A session has ended. */
      readonly type: 'session-ended';
    } & GatewaySession)
  | {
      /** A WebSocket was refused before its upgrade. */
      readonly type: 'refused';
      /** Path of the request. */
      readonly path: string;
      /** HTTP status of the answer. */
      readonly statusCode: number;
      /** Code of the error. */
      readonly code: string;
      /** The event in one sentence. */
      readonly message: string;
    }
  | {
      /** A stream to an endpoint could not be opened at the start, for a reason that may pass. The gateway is not ready yet. */
      readonly type: 'not-ready';
      /** Name of the endpoint. */
      readonly endpointName: string;
      /** The event in one sentence. */
      readonly message: string;
    }
  | {
      /** New WebSockets are refused from here on. */
      readonly type: 'draining';
      /** Sessions that are waited for. */
      readonly sessions: number;
    };

/** Called with every event. It must not throw. */
export type GatewayObserver = (event: GatewayEvent) => void;

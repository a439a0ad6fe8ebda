import type { ContainerExit } from '../contract';

/** Which container of which endpoint. */
export interface InstanceName {
  readonly endpoint: string;
  readonly variant: string;
  /** Number of the instance within its variant, from 0. */
  readonly instance: number;
}

/** What one session came to. Counts only; never payload. */
export interface SessionSummary extends InstanceName {
  /** Request id of the session, as the response header `x-amzn-RequestId` has it. */
  readonly requestId: string;
  /** Path and query of the container's WebSocket. */
  readonly path: string;
  readonly durationMs: number;
  /** Milliseconds from the open to the first response event, or undefined when none came. */
  readonly firstResponseMs: number | undefined;
  readonly received: StreamCount;
  readonly sent: StreamCount;
  /** How it ended: `ended`, `aborted` when the client was gone, else the name of the error. */
  readonly outcome: string;
  /** Message of the error, or undefined. */
  readonly message: string | undefined;
  /** Units that the container reported, by dimension. */
  readonly metering: Readonly<Record<string, number>>;
  /** Metering records that broke a rule of the platform. */
  readonly droppedMeteringRecords: number;
}

/** Events and payload bytes in one direction. */
export interface StreamCount {
  readonly events: number;
  readonly bytes: number;
}

/** What happens in a local SageMaker, for whoever shows it. */
export type LocalEvent =
  | ({ readonly type: 'container-starting' } & InstanceName)
  | ({ readonly type: 'container-line'; readonly stream: 'stdout' | 'stderr'; readonly line: string } & InstanceName)
  | ({ readonly type: 'container-in-service'; readonly port: number; readonly startedInMs: number } & InstanceName)
  | ({
      readonly type: 'container-crashed';
      readonly exit: ContainerExit;
      readonly lastLines: readonly string[];
      readonly openSessions: number;
    } & InstanceName)
  | ({ readonly type: 'container-failed'; readonly message: string } & InstanceName)
  | ({ readonly type: 'container-replaced'; readonly openSessions: number } & InstanceName)
  | { readonly type: 'build-line'; readonly model: string; readonly line: string }
  | { readonly type: 'in-service'; readonly endpoint: string }
  | { readonly type: 'session-opened'; readonly requestId: string; readonly path: string; readonly name: InstanceName }
  | { readonly type: 'session-ended'; readonly session: SessionSummary }
  | {
      readonly type: 'invoked';
      readonly requestId: string;
      readonly name: InstanceName;
      readonly statusCode: number;
      readonly durationMs: number;
    }
  | {
      readonly type: 'refused';
      readonly requestId: string;
      readonly method: string;
      readonly path: string;
      readonly statusCode: number;
      readonly error: string;
      readonly message: string;
    };

/** Takes what happens. It must not throw. */
export type LocalObserver = (event: LocalEvent) => void;

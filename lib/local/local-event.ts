import type { ContainerExit } from '../contract';

/** Which container of which endpoint. */
export interface InstanceName {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Name of its production variant. */
  readonly variant: string;
  /** Number of the instance within its variant, from 0. */
  readonly instance: number;
}

/** The result of one session. Counts only; never payload. */
export interface SessionSummary extends InstanceName {
  /** Request id of the session, as the response header `x-amzn-RequestId` has it. */
  readonly requestId: string;
  /** Path and query of the container's WebSocket. */
  readonly path: string;
  /** Milliseconds from the open to the end, in real time. */
  readonly durationMs: number;
  /** Milliseconds from the open to the first response event, or undefined when none came. */
  readonly firstResponseMs: number | undefined;
  /** From the client to the container. */
  readonly received: StreamCount;
  /** From the container to the client. */
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
  /** Events with payload. */
  readonly events: number;
  /** Payload of the events, in bytes. */
  readonly bytes: number;
}

/** An event of a local SageMaker. */
export type LocalEvent =
  /** A container is about to be started; its image may have to be built first. */
  | ({
      /** A container is being started. */
      readonly type: 'container-starting';
    } & InstanceName)
  /** A container wrote a line. */
  | ({
      /** A container wrote a line. */
      readonly type: 'container-line';
      /** Where it was written. */
      readonly stream: 'stdout' | 'stderr';
      /** The line without its end. */
      readonly line: string;
    } & InstanceName)
  /** A container has passed its `/ping` and takes requests. */
  | ({
      /** A container answers its health check. */
      readonly type: 'container-in-service';
      /** TCP port on this machine on which it answers. */
      readonly port: number;
      /** Milliseconds since `container-starting`, the build of its image included. */
      readonly startedInMs: number;
    } & InstanceName)
  /** A container in service has ended by itself. It is started again. */
  | ({
      /** A container ended without being asked to. */
      readonly type: 'container-crashed';
      /** How it ended. */
      readonly exit: ContainerExit;
      /** The last lines that it wrote, oldest first: at most 50. */
      readonly lastLines: readonly string[];
      /** Sessions that it took with it. */
      readonly openSessions: number;
    } & InstanceName)
  /** A container that crashed or was to be replaced could not be started anew. */
  | ({
      /** A container did not come into service. */
      readonly type: 'container-failed';
      /** Message of the error. */
      readonly message: string;
      /** Whether the previous container goes on serving; otherwise the instance is out of service. */
      readonly isServing: boolean;
    } & InstanceName)
  /** A newer container answers from here on. */
  | ({
      /** Another container took the place of one that ended. */
      readonly type: 'container-replaced';
      /** Sessions that finish on the older one. */
      readonly openSessions: number;
    } & InstanceName)
  /** The build of an image wrote a line. */
  | {
      /** The build of an image wrote a line. */
      readonly type: 'build-line';
      /** Name of the model. */
      readonly model: string;
      /** The line without its end. */
      readonly line: string;
    }
  /** Every instance of an endpoint has come into service for the first time. */
  | {
      /** An endpoint takes requests. */
      readonly type: 'in-service';
      /** Name of the endpoint. */
      readonly endpoint: string;
    }
  /** A container has accepted a session. */
  | {
      /** A stream is open. */
      readonly type: 'session-opened';
      /** Request id of the session, as the response header `x-amzn-RequestId` has it. */
      readonly requestId: string;
      /** Path and query of the container's WebSocket. */
      readonly path: string;
      /** The container that accepted it. */
      readonly name: InstanceName;
    }
  /** A session that was opened has ended. */
  | {
      /** A stream has ended. */
      readonly type: 'session-ended';
      /** Its result. */
      readonly session: SessionSummary;
    }
  /** A plain invocation, or one with a response stream, was answered. */
  | {
      /** A non-streaming request was answered. */
      readonly type: 'invoked';
      /** Request id, as the response header `x-amzn-RequestId` has it. */
      readonly requestId: string;
      /** The container that answered. */
      readonly name: InstanceName;
      /** HTTP status of the answer. */
      readonly statusCode: number;
      /** Milliseconds to the end of the answer, in real time. */
      readonly durationMs: number;
    }
  /** A warning: the local SageMaker goes on. */
  | {
      /** Something that works here may not work in AWS. */
      readonly type: 'warning';
      /** The warning. */
      readonly message: string;
    }
  /** A request was answered with an error. */
  | {
      /** A request was refused before its stream opened. */
      readonly type: 'refused';
      /** Request id, as the response header `x-amzn-RequestId` has it. */
      readonly requestId: string;
      /** HTTP method of the request. */
      readonly method: string;
      /** Path and query of the request. */
      readonly path: string;
      /** Path and query of the container's WebSocket that was asked for; undefined for every other operation. */
      readonly containerPath: string | undefined;
      /** The container's answer to the WebSocket or the invocation, as status and text; undefined where it was not asked. */
      readonly containerAnswer: string | undefined;
      /** HTTP status of the answer. */
      readonly statusCode: number;
      /** Name of the error. */
      readonly error: string;
      /** Message of the error. */
      readonly message: string;
    };

/** Called with every event, in order. It must not throw. */
export type LocalObserver = (event: LocalEvent) => void;

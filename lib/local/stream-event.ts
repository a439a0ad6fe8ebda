import type { CompletionState, DataType } from '../contract';

/** A step of one open stream. Unlike a {@link LocalEvent} it can carry payload, so it stays inside the local SageMaker. */
export type StreamEvent =
  /** A message part passed: `received` from the client, `sent` to it. The payload may be used during the call only. */
  | {
      readonly type: 'message';
      readonly direction: 'received' | 'sent';
      readonly dataType: DataType;
      readonly completionState: CompletionState;
      readonly payload: Uint8Array;
    }
  /** The client ended its input. */
  | { readonly type: 'input-ended' }
  /** A ping went to the container. */
  | { readonly type: 'ping' }
  /** The container answered a ping. */
  | { readonly type: 'pong' }
  /** One side does not read fast enough; the other is no longer read from. */
  | { readonly type: 'paused'; readonly direction: 'received' | 'sent' }
  /** That side reads again. */
  | { readonly type: 'resumed'; readonly direction: 'received' | 'sent' }
  /** The container closed its WebSocket, or is gone (1006). */
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  /** An error went to the client as the last event of the stream. */
  | { readonly type: 'failed'; readonly error: string; readonly message: string };

/** Called with each step of a stream, in order. It must not throw. */
export type StreamObserver = (requestId: string, event: StreamEvent) => void;

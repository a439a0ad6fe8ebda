import {
  ACCEPT_TIMEOUT_MS,
  METERING_RECORD_INTERVAL_MS,
  PING_TIMEOUT_MS,
  SESSION_LIMIT_MS,
  STARTUP_HEALTH_CHECK_DEFAULT_SECONDS,
  STOP_GRACE_MS,
  WEBSOCKET_PING_INTERVAL_MS,
} from '../../contract';

/** How long things may take, in milliseconds. */
export interface LiveLimits {
  /** From the start to the first passing `/ping`. Default: the platform's 8 minutes. */
  readonly startMs: number;
  /** One `/ping`. Default: the platform's 2 s. */
  readonly pingMs: number;
  /** Accepting a WebSocket. Default: the platform's 250 ms. */
  readonly acceptMs: number;
  /** A reply, a pong or a close frame. The platform has no such limit. Default: 5 s. */
  readonly replyMs: number;
  /** Between SIGTERM and SIGKILL. Default: the platform's 30 s. */
  readonly stopMs: number;
  /** After SIGTERM: how long the probe keeps its stream open. Default: as long as the platform waits, 30 s. */
  readonly holdMs: number;
  /** Life of one stream, scaled by the clock. Default: the platform's 30 minutes. */
  readonly sessionMs: number;
  /** Between WebSocket pings, scaled by the clock. Default: the platform's 60 s. */
  readonly webSocketPingMs: number;
  /** How long metering records are watched. Default: 3 of the shortest intervals, 3 s. */
  readonly meteringMs: number;
  /** Time without progress after which the container is taken to wait for a caller that does not read. Default: 750 ms. */
  readonly stallMs: number;
}

/** The load under which the container is checked. Where it holds fewer sessions, it is checked with as many as it holds. */
export interface LiveLoad {
  /** WebSockets opened at the same moment. Default: 200. */
  readonly burst: number;
  /** Sessions that talk at once. Default: 100. */
  readonly sessions: number;
  /** Messages to an echo in each of them. Default: 5. */
  readonly messages: number;
  /** Sessions that talk while something else is measured. Default: 20. */
  readonly busySessions: number;
  /** Sent to a session that does not read, in bytes: well above what the kernel's buffers hold. Default: 64 MiB. */
  readonly slowReaderBytes: number;
}

/** The scale at which the 30 minutes of a stream pass in 5 s. */
export const DEFAULT_CLOCK = 360;

/**
 * The limits at a clock. The clock scales the platform's periods only: how fast a container is does not depend on how patient
 * its caller is.
 */
export function liveLimits(clock: number, given: Partial<LiveLimits> = {}): LiveLimits {
  const limits = {
    startMs: STARTUP_HEALTH_CHECK_DEFAULT_SECONDS * 1_000,
    pingMs: PING_TIMEOUT_MS,
    acceptMs: ACCEPT_TIMEOUT_MS,
    replyMs: 5_000,
    stopMs: STOP_GRACE_MS,
    holdMs: STOP_GRACE_MS,
    sessionMs: SESSION_LIMIT_MS,
    webSocketPingMs: WEBSOCKET_PING_INTERVAL_MS,
    meteringMs: 3 * METERING_RECORD_INTERVAL_MS,
    stallMs: 750,
    ...given,
  };
  return {
    ...limits,
    sessionMs: limits.sessionMs / clock,
    webSocketPingMs: limits.webSocketPingMs / clock,
  };
}

export function liveLoad(given: Partial<LiveLoad> = {}): LiveLoad {
  return {
    burst: 200,
    sessions: 100,
    messages: 5,
    busySessions: 20,
    slowReaderBytes: 64 * 1024 * 1024,
    ...given,
  };
}

import type { Http2Session } from 'node:http2';

/**
 * Interval of the HTTP/2 pings on a connection with streams, in milliseconds. Load balancers and address translators drop a
 * silent connection after a few minutes (350 s at a Network Load Balancer) without notice; a model may be quiet for longer.
 */
const CONNECTION_PING_INTERVAL_MS = 30_000;

/** Receive window of a connection, in bytes, shared by its streams. */
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;

const roundTrips = new WeakMap<Http2Session, { ms?: number }>();

/**
 * Keeps a connection alive and notices when it is dead: pings it, and destroys it when a ping stays unanswered until the next
 * is due. Does nothing for a connection that is watched already, or that accepts no more frames of ours.
 */
export function watchConnection(connection: Http2Session, intervalMs = CONNECTION_PING_INTERVAL_MS): void {
  // A handler's own silence limit would end a quiet stream; the pings tell a dead connection from a quiet one.
  connection.setTimeout(0);
  if (roundTrips.has(connection) || connection.closed || connection.destroyed) return;
  const last: { ms?: number } = {};
  roundTrips.set(connection, last);
  if (connection.state.localWindowSize !== undefined) connection.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  let unanswered = false;
  const ping = () => {
    if (connection.closed || connection.destroyed) return;
    if (unanswered) {
      connection.destroy(new Error(`No answer to an HTTP/2 ping within ${intervalMs} ms`));
      return;
    }
    unanswered = true;
    connection.ping((error, durationMs) => {
      unanswered = error !== null;
      if (!error) last.ms = durationMs;
    });
  };
  const timer = setInterval(ping, intervalMs).unref();
  connection.once('close', () => clearInterval(timer));
  ping();
}

/** Round trip of the last answered ping of a connection, in milliseconds. */
export function connectionRoundTripMs(connection: Http2Session | undefined): number | undefined {
  return connection && roundTrips.get(connection)?.ms;
}

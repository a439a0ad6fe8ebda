// Generated from container/streaming/origin.ts by "npm run containers:generate"; edit it there.
/** Hosts of this machine, as a browser writes them in `Origin`. */
const LOOPBACK_HOST = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether an upgrade comes from a web page of another host. Browsers let any page open a WebSocket to this machine and send the page's host
 * in `Origin` (RFC 6455, section 10.2). The platform's sidecar reaches the container on the loopback, so an `Origin` of the loopback is
 * accepted; programs send none.
 */
export function isForeignOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || !LOOPBACK_HOST.test(new URL(origin).hostname);
}

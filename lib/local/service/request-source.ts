import { partitionOf, runtimeUriOf, STANDARD_PARTITION } from '../../contract';
import { ServiceError } from './service-error';

/** Names of the loopback interface. */
const LOOPBACK_NAME = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Refuses what a web page in the user's browser can send: a request to another host name that was made to resolve to this machine (DNS
 * rebinding), and a request of a page elsewhere.
 *
 * @throws ServiceError 421 for a host that is not served here, 403 for a foreign origin.
 */
export function checkSource(headers: Readonly<Record<string, string>>, region: string): void {
  const host = headers[':authority'] ?? headers.host ?? '';
  const name = nameOf(host);
  if (!LOOPBACK_NAME.test(name) && !runtimeHosts(region).includes(name)) {
    throw new ServiceError('MisdirectedRequestException', 421, {
      message: `The local SageMaker does not serve the host '${host}': only loopback names and ${runtimeHosts(region)[0]}.`,
    });
  }
  const { origin } = headers;
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    throw new ServiceError('AccessDeniedException', 403, {
      message: `The local SageMaker does not answer web pages of the origin '${origin}'.`,
    });
  }
}

/** The hosts of the streaming runtime in a region, FIPS included: what a client with a hard-coded host sends. */
export function runtimeHosts(region: string): readonly string[] {
  const suffix = (partitionOf(region) ?? STANDARD_PARTITION).dnsSuffix;
  return [false, true].map(fips => new URL(runtimeUriOf(region, suffix, { fips })).hostname);
}

/** Whether a `Host` header names the loopback interface, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAME.test(nameOf(host));
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && LOOPBACK_NAME.test(new URL(origin).hostname);
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a listening socket in `/proc/net/tcp`. */
const LISTENING = '0A';

/**
 * The program that listens on a TCP port of this machine, such as `node (process 4711)`. Linux tells it; elsewhere, and of another user's
 * program, it is undefined.
 */
export function portHolder(port: number): string | undefined {
  try {
    const sockets = listeningSockets(port);
    const processId = readdirSync('/proc').find(name => /^\d+$/.test(name) && holdsOneOf(name, sockets));
    return processId && `${readFileSync(`/proc/${processId}/comm`, 'utf8').trim()} (process ${processId})`;
  } catch {
    return undefined;
  }
}

/** Names of the sockets that listen on a port, as links of file descriptors have them. */
function listeningSockets(port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => {
    try {
      return readFileSync(file, 'utf8').split('\n').slice(1);
    } catch {
      return []; // no IPv6
    }
  });
  const inodes = rows
    .map(row => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(wanted))
    .map(columns => `socket:[${columns[9]}]`);
  return new Set(inodes);
}

function holdsOneOf(processId: string, sockets: ReadonlySet<string>): boolean {
  try {
    const descriptors = `/proc/${processId}/fd`;
    return readdirSync(descriptors).some(descriptor => sockets.has(readlinkSync(`${descriptors}/${descriptor}`)));
  } catch {
    return false; // of another user, or gone
  }
}

import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { PrivateAccessDefinition } from '../../assembly';
import { RUNTIME_PORT, runtimeUri } from '../../contract';
import { type Finding, fail, finding, type Observation, pass, type Rule, skip, warn } from '../../report/finding';

const PORT: Rule = {
  name: 'runtime-port',
  rule: `The streaming runtime can be reached from here on port ${RUNTIME_PORT}.`,
  source: 'API model sagemaker-runtime-http2; measured by operators: port 443 accepts and never answers',
};

const PRIVATE: Rule = {
  name: 'private-access',
  rule: `The interface endpoint of the runtime has private DNS, and its security group allows 443 and ${RUNTIME_PORT}.`,
  source:
    'SageMaker AI developer guide, "Connect to SageMaker AI within your VPC"; the second port measured by operators',
};

/** Longest wait for a connection to the runtime, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Tries the runtime's port. Only a warning: the machine that deploys need not be the one that streams. */
export async function checkRuntimePort(
  region: string,
  uri: URL = new URL(runtimeUri(region)),
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<Finding> {
  const host = uri.hostname;
  let address: string;
  try {
    address = (await bounded(lookup(host), timeoutMs)).address;
  } catch (error) {
    return finding(
      PORT,
      warn(
        `${host} has no address here: ${(error as Error).message}.`,
        'Check DNS; in a VPC without internet, deploy private access.',
      ),
    );
  }
  const fault = await tryPort(address, Number(uri.port), timeoutMs);
  return finding(
    PORT,
    fault === undefined
      ? pass(`${host}:${uri.port} accepts connections${isPrivate(address) ? ', at a private address' : ''}`)
      : warn(
          `${host}:${uri.port} cannot be reached from here: ${fault}.`,
          `Allow outbound TCP ${uri.port} from this network: behind a firewall that allows only 443, every open hangs.`,
        ),
  );
}

/** Checks private access in the template, where the stack has it. Needs no network. */
export function checkPrivateAccess(accesses: readonly PrivateAccessDefinition[]): Finding[] {
  return accesses.map(access => finding(PRIVATE, judgePrivateAccess(access)));
}

function judgePrivateAccess({ privateDns, openPorts }: PrivateAccessDefinition): Observation {
  if (!privateDns) {
    return fail('Private DNS is off, so clients in the VPC still go to the public address.', 'privateDnsEnabled: true');
  }
  if (openPorts === undefined) {
    return skip('A security group is not in this template, so its rules are not known here.');
  }
  const closed = [443, RUNTIME_PORT].filter(port => !openPorts.some(([from, to]) => from <= port && port <= to));
  return closed.length === 0
    ? pass(`Private DNS; 443 and ${RUNTIME_PORT} are allowed`)
    : fail(
        `The security group does not allow ${closed.join(' and ')}.`,
        closed.map(port => `securityGroup.addIngressRule(peer, ec2.Port.tcp(${port}))`).join('; '),
      );
}

function tryPort(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const settle = (fault?: string) => {
      socket.destroy();
      resolve(fault);
    };
    socket.setTimeout(timeoutMs, () => settle(`no answer within ${timeoutMs / 1_000} s`));
    socket.once('connect', () => settle());
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}

async function bounded<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Addresses that only exist inside a network (RFC 1918, RFC 4193, and loopback for a proxy on this machine). */
function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|127\.|::1$|f[cd])/i.test(address);
}

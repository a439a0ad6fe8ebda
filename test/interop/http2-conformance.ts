import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LocalSageMaker } from '../../lib/local';
import { loadCertificate } from '../../lib/local/service/certificate';
import { run } from './processes';
import type { Scorecard } from './scorecard';
import { installGoProgram } from './tools/go';

const H2SPEC = 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible';

/** Seconds that h2spec waits for an answer: enough for a machine that builds something at the same time. */
const ANSWER_SECONDS = 3;

/**
 * Holds the front against h2spec, and Node.js's own HTTP/2 server beside it: below the front everything is Node's (nghttp2), and a
 * case that Node fails with three lines of code is none that this kit could pass.
 */
export async function checkHttp2Conformance(
  local: LocalSageMaker,
  directory: string,
  scorecard: Scorecard,
): Promise<void> {
  const program = await scorecard.check('h2spec is installed', () => installGoProgram(H2SPEC));
  if (!program) return;
  const { key, certificate } = await loadCertificate(directory, 'us-east-1');
  const plain = createSecureServer({ key, cert: certificate }).on('stream', stream => {
    stream.on('error', () => {});
    stream.respond({ ':status': 404 });
    stream.end('{}'); // as quick an answer as the front's: some cases only pass when the answer comes late
  });
  plain.on('sessionError', () => {});
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
  try {
    const ports = [Number(new URL(local.url).port), (plain.address() as AddressInfo).port] as const;
    const [front, node] = await Promise.all(
      ports.map(port => failures(program, port, join(directory, `h2spec-${port}.xml`))),
    );
    await scorecard.check(`h2spec: the front passes what Node.js itself passes (${front!.cases} cases)`, async () => {
      const ours = [...front!.failed].filter(name => !node!.failed.has(name));
      if (ours.length === 0) return;
      // Once more, alone: a case that fails by timing does not fail twice.
      const again = await failures(program, ports[0], join(directory, 'h2spec-again.xml'));
      const twice = ours.filter(name => again.failed.has(name));
      if (twice.length > 0) throw new Error(twice.join('\n'));
    });
    console.log(`  ${node!.failed.size} cases fail on Node.js ${process.version} itself:`);
    for (const name of node!.failed) console.log(`    ${name}`);
  } finally {
    plain.close();
  }
}

async function failures(
  program: string,
  port: number,
  report: string,
): Promise<{ cases: number; failed: Set<string> }> {
  const words = [
    '--host',
    'localhost',
    '--port',
    String(port),
    '--tls',
    '--insecure',
    '--timeout',
    String(ANSWER_SECONDS),
  ];
  const { exitCode } = await run(program, [...words, '--junit-report', report], {
    exitCodes: [0, 1],
    timeoutMs: 120_000,
  });
  const xml = readFileSync(report, 'utf8');
  const cases = [...xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)];
  if (cases.length === 0) throw new Error('h2spec wrote no case into its report.');
  const failed = cases
    .filter(([, , , inner]) => /<(failure|error)>/.test(inner ?? ''))
    .map(([, group, name]) => `${group} ${name}`);
  if (exitCode !== 0 && failed.length === 0) throw new Error('h2spec says that cases fail, and its report names none.');
  return { cases: cases.length, failed: new Set(failed) };
}

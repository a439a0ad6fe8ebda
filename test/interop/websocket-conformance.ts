import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIDIRECTIONAL_STREAM_PATH, BIND_TO_PORT_VARIABLE, PING_PATH, SERVE_ARGUMENT } from '../../lib/contract';
import { answers, end, freePort, run, start } from './processes';
import type { Scorecard } from './scorecard';
import { REPOSITORY } from './tool-directory';
import { pythonEnvironment } from './tools/python';

/** Cases of permessage-deflate, which the echo container does not offer, and of speed, which bench measures. */
const EXCLUDED = ['9.*', '12.*', '13.*'];

/** What Autobahn says of a case that is no fault. Non-strict: allowed by RFC 6455, although not the preferred way. */
const BEHAVIORS = ['OK', 'NON-STRICT', 'INFORMATIONAL'];

interface CaseResult {
  readonly behavior: string;
  readonly behaviorClose: string;
}

/** Lets Autobahn's fuzzing client loose on the echo container. */
export async function checkWebSocketConformance(directory: string, scorecard: Scorecard): Promise<void> {
  const port = await freePort();
  const log = join(directory, 'echo.log');
  const words = ['--require', 'esbuild-register', 'src/server.ts', SERVE_ARGUMENT];
  const container = start(process.execPath, words, log, {
    cwd: join(REPOSITORY, 'container', 'echo'),
    env: { [BIND_TO_PORT_VARIABLE]: String(port) },
  });
  try {
    await answers(`http://127.0.0.1:${port}${PING_PATH}`, container, log);
    const url = `ws://127.0.0.1:${port}/${BIDIRECTIONAL_STREAM_PATH}`;
    await playAutobahn({ name: 'the echo container', url }, directory, scorecard);
    scorecard.skip(
      `Autobahn's cases ${EXCLUDED.join(', ')}`,
      'compression is not offered; speed is for the benchmarks',
    );
  } finally {
    await end(container);
  }
}

/** Lets Autobahn's fuzzing client loose on a WebSocket that echoes. */
export async function playAutobahn(
  { name, url }: { readonly name: string; readonly url: string },
  directory: string,
  scorecard: Scorecard,
): Promise<void> {
  const executables = await scorecard.check('Autobahn test suite is installed', () =>
    pythonEnvironment('autobahn', { from: '2.7', to: '2.7' }, join(__dirname, 'websocket', 'requirements.txt')),
  );
  if (!executables) return;
  const folder = mkdtempSync(join(directory, 'autobahn-'));
  const specification = join(folder, 'specification.json');
  writeFileSync(
    specification,
    JSON.stringify({
      outdir: folder,
      servers: [{ agent: name, url, options: { version: 18 } }],
      cases: ['*'],
      'exclude-cases': EXCLUDED,
      'exclude-agent-cases': {},
    }),
  );
  const runner = ['--mode', 'fuzzingclient', '--spec', specification];
  await scorecard.check(`Autobahn plays its cases with ${name} to the end`, () =>
    run(join(executables, 'wstest'), runner, { cwd: folder, timeoutMs: 180_000 }),
  );
  const index = join(folder, 'index.json');
  if (!existsSync(index)) return;
  const report = JSON.parse(readFileSync(index, 'utf8')) as Record<string, Record<string, CaseResult>>;
  const results = Object.entries(report[name] ?? {});
  await scorecard.check(`Autobahn finds no fault in ${name} (${results.length} cases)`, () => {
    const faults = results
      .filter(([, { behavior, behaviorClose }]) => ![behavior, behaviorClose].every(word => BEHAVIORS.includes(word)))
      .map(([number, { behavior, behaviorClose }]) => `case ${number}: ${behavior}, close ${behaviorClose}`);
    if (faults.length > 0 || results.length === 0) throw new Error(faults.join('\n') || 'No case was played.');
  });
}

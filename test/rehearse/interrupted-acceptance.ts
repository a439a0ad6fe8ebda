import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { STACK } from '../acceptance/stage';
import { end, start } from '../interop/processes';
import { type EmulatedAccount, shareAccount } from './emulated-account';

/** What the acceptance says when the step begins in which it is interrupted. */
const MIDDLE = '--- fidelity:';

/** Longest time until then, and from then to the end, in milliseconds. */
const PATIENCE_MS = 180_000;

/** Interrupts an acceptance in its middle: the stack has to be gone, and its exit code has to say so. */
export async function interruptAcceptance(account: EmulatedAccount): Promise<void> {
  const log = join(account.directory, 'interrupted-acceptance.log');
  const program = join(__dirname, '..', 'acceptance', 'acceptance.ts');
  const output = join(account.directory, 'interrupted');
  const words = ['--emulated', '--account', shareAccount(account), '--output', output];
  const child = start(process.execPath, ['--require', 'esbuild-register', program, ...words], log);
  const exited = once(child, 'exit');
  const written = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  try {
    for (const deadline = Date.now() + PATIENCE_MS; !written().includes(MIDDLE); await sleep(100)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`It did not come to its middle:\n${written()}`);
    }
    assert.ok((await account.deployed.stacks()).includes(STACK));
    process.kill(child.pid!, 'SIGINT');
    const [code] = await Promise.race([exited, sleep(PATIENCE_MS, ['none'], { ref: false })]);
    assert.equal(code, 130, written());
  } finally {
    await end(child);
  }
  assert.deepEqual(await account.deployed.leftovers(), []);
  assert.deepEqual(await account.deployed.stacks(), ['CDKToolkit']);
  const report = JSON.parse(readFileSync(join(output, 'report.json'), 'utf8'));
  assert.equal(report.verdict, 'interrupted');
  const verdicts = Object.fromEntries(report.steps.map(({ name, verdict }: Record<string, string>) => [name, verdict]));
  assert.equal(verdicts.fidelity, 'failed');
  assert.equal(verdicts.update, 'not-played');
  assert.equal(verdicts.destroy, 'passed');
  assert.equal(verdicts['destroy-check'], 'passed');
}

import { fuzz } from './fuzz-cases';
import { WireFuzz } from './wire-cases';

/** Cases in memory for each one over real sockets. */
const MEMORY_CASES_PER_SESSION = 50;

/**
 * `npm run test:fuzz -- [CASES] [SEED]`: 100,000 cases in memory unless told otherwise, and a fiftieth of it as sessions of a real local
 * SageMaker over real sockets. Each is reproducible by its seed.
 */
async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 100_000);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) throw new Error('CASES and SEED are whole numbers.');
  process.stdout.write(`${count} cases from seed ${seed}\n`);
  const began = performance.now();
  await fuzz(Math.min(count, 2_000), seed); // what is made once is made
  const before = memory();
  await fuzz(count, seed, done =>
    process.stdout.write(`  ${done} in ${seconds(began)}, heap ${mebibytes(memory())}\n`),
  );
  const sessions = Math.ceil(count / MEMORY_CASES_PER_SESSION);
  const wire = await WireFuzz.start();
  try {
    for (let done = 0; done < sessions; done += 1) await wire.run(seed + done);
  } finally {
    await wire.close();
  }
  if (wire.openSessions > 0) throw new Error(`${wire.openSessions} sessions are still open.`);
  process.stdout.write(`  ${sessions} sessions over sockets in ${seconds(began)}\n`);
  await new Promise(resolve => setTimeout(resolve, 1_500)); // streams that wait for their client's end give up
  const grown = memory() - before;
  const left = process.getActiveResourcesInfo().filter(resource => resource === 'Timeout' || resource === 'Immediate');
  process.stdout.write(`all as they should be, in ${seconds(began)}; heap grew by ${mebibytes(grown)}\n`);
  if (grown > 16 << 20) throw new Error(`The heap grew by ${mebibytes(grown)}: something is not let go.`);
  if (left.length > 0) throw new Error(`${left.length} timers are left: a session did not clean up.`);
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});

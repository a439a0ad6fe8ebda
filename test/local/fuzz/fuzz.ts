import { fuzz } from './fuzz-cases';

/** `npm run test:fuzz -- [CASES] [SEED]`: 100,000 cases unless told otherwise, each reproducible by its seed. */
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

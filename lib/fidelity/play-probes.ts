import type { FidelityRow } from '../contract';
import { printable } from '../report/printable';
import type { EndpointUnderTest } from './endpoint-under-test';
import { type Probe, type ProbeContainer, ProbeSkipped } from './probe';
import { PROBES } from './probes';

/** Probes that are played at a time. */
const PROBES_AT_A_TIME = 4;

/** Bound of a probe, in milliseconds, beside the time of the platform that it takes. */
const PATIENCE_MS = 60_000;

/** The probes to play, and the callbacks of a run. */
export interface PlayOptions {
  /** Whether the probes are played that take minutes of the platform's time, too. @default false */
  readonly slow?: boolean;
  /** The container behind the endpoint. @default 'echo' */
  readonly container?: ProbeContainer;
  /** Names of the probes to play. @default - all */
  readonly only?: readonly string[];
  /** Called with each row as it is known. */
  readonly onRow?: (row: FidelityRow) => void;
  /** Ends the run: probes that have not begun are not played, and it rejects with the signal's reason. */
  readonly abortSignal?: AbortSignal;
}

/**
 * Plays the probes against an endpoint. Resolves with one row a probe, in the order of {@link PROBES}.
 *
 * A probe that differs is played once more, alone, and the second result counts, so that a short fault of the network is no finding.
 */
export async function playProbes(endpoint: EndpointUnderTest, options: PlayOptions = {}): Promise<FidelityRow[]> {
  const { container = 'echo', onRow, abortSignal } = options;
  const rows = new Map<Probe, FidelityRow>();
  const note = (probe: Probe, row: FidelityRow): void => {
    rows.set(probe, row);
    onRow?.(row);
  };
  const playable: Probe[] = [];
  for (const probe of PROBES) {
    const reason = reasonToSkip(probe, container, options);
    if (reason === undefined) playable.push(probe);
    else note(probe, { ...expectation(probe), verdict: 'skipped', reason });
  }
  const again: Probe[] = [];
  const playInto = async (probe: Probe): Promise<void> => {
    abortSignal?.throwIfAborted();
    const row = await play(probe, endpoint);
    if (row.verdict === 'differs' || row.verdict === 'failed') again.push(probe);
    else note(probe, row);
  };
  await someAtATime(
    playable.filter(probe => probe.slowMs === undefined),
    PROBES_AT_A_TIME,
    playInto,
  );
  // Probes mostly wait, so all of them together take as long as the longest.
  await Promise.all(playable.filter(probe => probe.slowMs !== undefined).map(playInto));
  for (const probe of again) {
    abortSignal?.throwIfAborted();
    note(probe, await play(probe, endpoint));
  }
  return PROBES.map(probe => rows.get(probe)!);
}

function reasonToSkip(probe: Probe, container: ProbeContainer, { slow, only }: PlayOptions): string | undefined {
  if (only && !only.includes(probe.name)) return 'It was not asked for.';
  const needed = probe.container ?? 'echo';
  if (needed !== container) return `It needs the container of --container ${needed}.`;
  if (probe.slowMs !== undefined && !slow)
    return `It takes ${Math.ceil(probe.slowMs / 60_000)} minutes: --slow plays it.`;
  return undefined;
}

function expectation({ name, expected, behaviour }: Probe): Pick<FidelityRow, 'probe' | 'expected' | 'behaviour'> {
  return { probe: name, expected, ...(behaviour === undefined ? {} : { behaviour }) };
}

async function play(probe: Probe, endpoint: EndpointUnderTest): Promise<FidelityRow> {
  const row = expectation(probe);
  try {
    const observed = printable(await bounded(probe, endpoint));
    if (probe.behaviour !== undefined) return { ...row, observed, verdict: 'unsettled' };
    return { ...row, observed, verdict: observed === probe.expected ? 'agrees' : 'differs' };
  } catch (error) {
    if (error instanceof ProbeSkipped) return { ...row, verdict: 'skipped', reason: error.message };
    return { ...row, verdict: 'failed', reason: reasonOf(error) };
  }
}

/** A message may quote an account, so only the code of the error is kept. */
function reasonOf(error: unknown): string {
  const { code, message, name } = error as { code?: string; message?: string; name?: string };
  return code ?? (error instanceof Error && error.constructor === Error ? printable(message ?? '') : String(name));
}

async function bounded(probe: Probe, endpoint: EndpointUnderTest): Promise<string> {
  const boundMs = PATIENCE_MS + endpoint.realMs(probe.slowMs ?? 0) * 1.2;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${Math.round(boundMs / 1_000)} s`)), boundMs);
  });
  try {
    return await Promise.race([probe.play(endpoint), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function someAtATime<T>(items: readonly T[], limit: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BehaviourName,
  type Behaviours,
  completeBehaviours,
  type FidelityRecord,
  type FidelityRow,
  UNSETTLED,
} from '../../lib/contract';
import { DEPLOYMENT_ROWS, EndpointUnderTest, PROBES, playProbes, renderFidelity } from '../../lib/fidelity';
import { Clock, LocalSageMaker, type LocalSageMakerOptions, readBehaviours } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';

/** 30 minutes in 6 s; the patience with pings in 1 s, which a busy machine keeps too. */
const CLOCK = 300;

interface Played {
  readonly rows: readonly FidelityRow[];
  /** The row of a probe. */
  readonly of: (probe: string) => FidelityRow;
}

async function play(
  options: Partial<LocalSageMakerOptions> = {},
  playing: Parameters<typeof playProbes>[1] = {},
): Promise<Played> {
  const clockScale = options.clock?.scale ?? 1;
  await using local = await LocalSageMaker.start({
    endpoints: [containerEndpoint('echo', 'echo', 'EchoBidiStack')],
    port: 0,
    tls: false,
    ...options,
  });
  using endpoint = new EndpointUnderTest({
    endpointName: options.endpoints?.[0]?.name ?? 'echo',
    where: 'local',
    clockScale,
    client: { endpoint: local.url, region: local.region, credentials: local.credentials },
  });
  const rows = await playProbes(endpoint, playing);
  return { rows, of: probe => rows.find(row => row.probe === probe)! };
}

/** The interval of pings is measured to 5 s: here 250 ms, which a busy machine keeps too. */
const PING_CLOCK = 20;

/** Every probe on a clock that suits it: the real one, or a faster one where it takes minutes of the platform's time. */
async function playOnSeveralClocks(
  options: Partial<LocalSageMakerOptions> = {},
  names = PROBES.map(({ name }) => name),
): Promise<FidelityRow[]> {
  const isPing = (name: string) => name === 'ping-interval';
  const isSlow = (name: string) => !isPing(name) && PROBES.some(probe => probe.name === name && probe.slowMs);
  const isQuick = (name: string) => !isPing(name) && !isSlow(name);
  const on = (scale: number, isPlayed: (name: string) => boolean) =>
    play({ ...options, clock: new Clock(scale) }, { slow: true, only: names.filter(isPlayed) });
  const [ping, [quick, slow]] = await Promise.all([
    on(PING_CLOCK, isPing),
    // Moving megabytes would make the pings of a fast clock late.
    on(1, isQuick).then(async played => [played, await on(CLOCK, isSlow)] as const),
  ]);
  return names.map(name => (isPing(name) ? ping : isSlow(name) ? slow : quick).of(name));
}

const recordOf = (rows: readonly FidelityRow[], where: FidelityRecord['where'] = 'local'): FidelityRecord => ({
  format: 1,
  where,
  region: 'us-east-1',
  date: '2026-11-24T12:00:00.000Z',
  versions: { kit: '0.0.0' },
  rows,
});

test('every row agrees against the local SageMaker, the slow ones too', async () => {
  const rows = await playOnSeveralClocks();
  const strangers = rows.filter(({ verdict }) => verdict === 'differs' || verdict === 'failed');
  expect(strangers).toEqual([]);
  expect(rows.filter(({ verdict, observed, expected }) => verdict === 'unsettled' && observed !== expected)).toEqual(
    [],
  );
  expect(rows.filter(({ verdict }) => verdict === 'skipped').map(({ probe }) => probe)).toEqual([
    'control-message-type', // another container
    'port-443',
    'private-link', // no network here
  ]);
});

/** A value of each behaviour that is not the default, for the local SageMaker. */
const OTHER_VALUES = {
  'close-1000-before-input-end': 'model-stream-error',
  'output-after-input-end': 'lost',
  fragments: 'reassembled',
  'session-limit': 'stream-broken',
  'idle-timeout': '350-seconds',
  'largest-event': '1-mib',
} as const satisfies Behaviours;

test('a record of another behaviour makes the local SageMaker behave so, and the probes see it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-fidelity-'));
  try {
    const file = join(directory, 'fidelity.json');
    const asked = PROBES.filter(({ behaviour }) => behaviour && behaviour in OTHER_VALUES);
    const rows = asked.map(
      ({ name, expected, behaviour }): FidelityRow => ({
        probe: name,
        expected,
        behaviour,
        observed: OTHER_VALUES[behaviour as keyof typeof OTHER_VALUES],
        verdict: 'unsettled',
      }),
    );
    const elsewhere: FidelityRow = {
      probe: 'port-443',
      expected: 'hangs',
      behaviour: 'port-443',
      observed: 'refused',
      verdict: 'unsettled',
    };
    const strange: FidelityRow = { ...rows[0]!, observed: 'something new' };
    writeFileSync(file, JSON.stringify(recordOf([...rows, elsewhere, strange], 'aws')));
    const behaviours = readBehaviours(file);
    expect(behaviours).toEqual(OTHER_VALUES);
    // Under an idle timeout of 350 s the stream that lasts 30 minutes is the one that is kept busy.
    const played = await playOnSeveralClocks(
      { behaviours },
      asked.map(({ name }) => name),
    );
    const observed = played.filter(({ verdict }) => verdict !== 'skipped');
    expect(Object.fromEntries(observed.map(row => [row.behaviour, row.observed]))).toEqual(OTHER_VALUES);
    expect(observed.every(({ verdict }) => verdict === 'unsettled')).toBe(true);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('what an endpoint does otherwise is a difference', async () => {
  const { of } = await play(
    { verify: false, faults: [{ kind: 'refuse', phase: 'opening', value: 503, every: 1 }] as never },
    { only: ['wrong-secret', 'text-to-container', 'unknown-endpoint'] },
  );
  expect(of('wrong-secret').verdict).toBe('differs');
  expect(of('text-to-container')).toMatchObject({ verdict: 'failed', reason: 'ERR_BIDI_MODEL_REFUSED' });
  expect(of('unknown-endpoint').verdict).toBe('agrees');
});

test('signatures that nobody verifies reach the container', async () => {
  const signatures = PROBES.filter(({ area }) => area === 'signatures').map(({ name }) => name);
  const { rows } = await play({ verify: false }, { only: signatures });
  const played = rows.filter(({ verdict }) => verdict !== 'skipped');
  expect(played.map(({ verdict }) => verdict)).toEqual(signatures.map(() => 'differs'));
});

test.each(['audio', 'sniffed'] as const)('a control message as BINARY is %s', async value => {
  const stand = containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack');
  const [variant] = stand.variants;
  const { model } = variant!;
  const environment = { SIMULATOR_BINARY_CONTROL: value === 'sniffed' ? 'control' : 'audio' };
  const endpoints = [{ ...stand, variants: [{ ...variant!, model: { ...model, environment } }] }];
  const { of } = await play({ endpoints, clock: new Clock(5) }, { container: 'deepgram' });
  expect(of('control-message-type').observed).toBe(value);
  expect(of('text-to-container').verdict).toBe('skipped');
});

describe('the probes', () => {
  test('have a name of their own, and each behaviour that they settle is known with their expectation', () => {
    expect(new Set(PROBES.map(({ name }) => name)).size).toBe(PROBES.length);
    const defaults = completeBehaviours();
    for (const { behaviour, expected } of PROBES) {
      if (behaviour) expect(expected).toBe(defaults[behaviour]);
    }
  });

  test('every behaviour of the table in docs/local.md has a probe: one that is played, or an experiment for a person', () => {
    const played = new Map<string | undefined, string>([
      ...PROBES.map(({ behaviour }) => [behaviour, 'fidelity'] as const),
      ...DEPLOYMENT_ROWS.map(row => ['behaviour' in row ? row.behaviour : undefined, 'acceptance'] as const),
    ]);
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'local.md'), 'utf8');
    const table = page.slice(page.indexOf('<!-- Generated from lib/contract/unsettled.ts'));
    const inTable = [...table.matchAll(/^\*\*`([a-z0-9-]+)`\*\*: /gm)].map(([, name]) => name!);
    expect(inTable.sort()).toEqual(Object.keys(UNSETTLED).sort());
    for (const name of inTable as BehaviourName[]) {
      const { settledBy, probe } = UNSETTLED[name];
      expect([name, played.get(name) ?? 'person']).toEqual([name, settledBy]);
      expect(table).toContain(`Probe: ${probe}`);
    }
  });

  test('the rows of a deployment expect what the kit takes', () => {
    const defaults = completeBehaviours();
    for (const row of DEPLOYMENT_ROWS) if ('behaviour' in row) expect(row.expected).toBe(defaults[row.behaviour]);
    expect(new Set([...PROBES, ...DEPLOYMENT_ROWS].map(({ name }) => name)).size).toBe(
      PROBES.length + DEPLOYMENT_ROWS.length,
    );
  });
});

test('the table has a column for each side, and says what differs', () => {
  const [probe] = PROBES;
  const row = { probe: probe!.name, expected: probe!.expected };
  const local = recordOf([{ ...row, observed: probe!.expected, verdict: 'agrees' }]);
  const aws = recordOf([{ ...row, observed: 'two frames', verdict: 'differs' }], 'aws');
  const table = renderFidelity({ local, aws });
  expect(table).toMatch(/^ +expected +local +AWS$/m);
  expect(table).toMatch(/^text-to-container +one text frame +agrees +DIFFERS: two frames$/m);
  expect(table).toMatch(/^fragments +unsettled \(passed\) +not asked +not asked$/m);
  expect(table).toMatch(/^AWS, us-east-1, 2026-11-24: 0 agree, 1 differ, 0 failed, 0 unsettled, 0 skipped$/m);
});

import type { Measurement } from '../measurement';
import type { Results } from '../results';

/** A table: its title, and which figures stand in its rows. */
interface Section {
  readonly title: string;
  readonly about: string;
  /** Which figures belong here. */
  readonly ids: RegExp;
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Echo container: throughput and round trip',
    about:
      'Each connection sends a message, waits for its echo and sends the next (`connections × bytes`). The servers take turns, round by round; a figure is the median of the rounds, a ratio the median of the rounds’ ratios. The client writes prepared frames and counts bytes, so that the server is the limit. The round trips are those under full load, with every connection waiting for its turn.',
    ids: /^echo\/\d+x/,
  },
  {
    title: 'Echo container: start, accept, memory',
    about:
      'Start: from the start of the process to the first `/ping` that is answered with 200, bundled as in the image. Accept: 99th percentile of 200 sockets opened at once. Memory: what 500 open sessions add to the process, each.',
    ids: /^echo\/(start|accept|session)/,
  },
  {
    title: 'The local path',
    about:
      'Client, HTTP/2 over TLS, signature check, WebSocket, container and back, beside a WebSocket straight to the container; 3.2 kB. Sessions held: each has 100 ms of audio to send every 100 ms whether or not the last echo came, and the lag counts from when a chunk was due. Client, local SageMaker and container share the processors named below.',
    ids: /^local\//,
  },
  {
    title: 'The gateway',
    about:
      'A WebSocket client, `bidi gateway`, the local SageMaker and the container, beside the same load by the SDK into the local SageMaker. Added: what a round trip of 3.2 kB takes longer. Idle memory: what each of 250 open sessions adds to the process of the gateway. Burst: so many WebSockets opened at once. Sessions held: as above, the best of three tries, the paths in turn; clients, gateway, local SageMaker and container share the processors. Processor time is that of the gateway, and of all of them together, for each message there and back.',
    ids: /^gateway\//,
  },
  {
    title: 'The inspector',
    about:
      '1,000 sessions through the local SageMaker, each with a chunk of 3.2 kB every 400 ms: with the echoes 5,000 messages a second. Without the inspector, with it and no page open, and with a reader that takes what an open page takes, in turns; what the browser itself needs to draw is not in it. Lag counts from when a chunk was due. Processor time is that of the local SageMaker, for a message there and back. Frames are those of Chromium on the same machine, while the streams run.',
    ids: /^inspector\//,
  },
  {
    title: 'The client',
    about:
      '`BidiSession` beside the SDK’s command used by hand, 3.2 kB a message, as fast as it goes, into a server that throws everything away. Signing each event is most of it. Processor time is that of the client’s process.',
    ids: /^client\//,
  },
  {
    title: 'Synthesis',
    about: '`cdk synth` of both stacks with cdk-nag, beside the smallest app started by `ts-node`, the CDK’s default.',
    ids: /^synth/,
  },
  {
    title: 'Installation and demo',
    about: 'An application that depends on the packed package, and this repository with its development tools.',
    ids: /^(install|demo|image)/,
  },
];

/** A load average before the run above this one means that something else was running. */
const BUSY_LOAD = 1;

/** A run of some parts, apart from the run of all. */
export interface PartialRun {
  readonly results: Results;
  /** Its file, from the root of the repository. */
  readonly rawFile: string;
}

/**
 * The page about one run.
 *
 * @param findings what was learnt from profiles, as a section of Markdown.
 * @param apart runs of parts that this one does not hold.
 */
export function renderMarkdown(
  results: Results,
  rawFile: string,
  findings: string,
  apart: readonly PartialRun[] = [],
): string {
  const { measurements, machine } = results;
  const runs = [results, ...apart.map(run => run.results)];
  const goals = runs.flatMap(run => run.goals);
  const skipped = runs.flatMap(run => run.skipped);
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit.',
    '',
    `Measured ${results.startedAt.slice(0, 10)} at commit ${results.commit} in ${results.tookSeconds} s. Raw data: [${rawFile}](../${rawFile}).`,
    ...(Number(machine['load before']) > BUSY_LOAD
      ? [`**The machine was busy with other work (load ${machine['load before']}): these figures are low and uneven.**`]
      : []),
    'Ratios are taken within one run, side by side, and mean more than the figures themselves.',
    '',
    '![Echoes a second of each server, by message size](benchmarks.svg)',
    '',
    '```sh',
    'npm run bench                                   # all of it, about four minutes on an idle machine',
    'npm run bench -- --only echo                    # one part; prints, writes nothing',
    `npm run bench -- --baseline ${rawFile}   # what moved since`,
    '```',
    '',
    '## Goals',
    '',
    ...table(
      ['goal', 'limit', 'measured', ''],
      goals.map(({ text, better, limit, unit, value, met }) => [
        text,
        `${better === 'higher' ? 'at least' : 'at most'} ${limit} ${unit}`,
        `${value} ${unit}`,
        met ? 'met' : '**missed**',
      ]),
    ),
  ];
  for (const { title, about, ids } of SECTIONS) {
    const rows = measurements.filter(({ id }) => ids.test(id));
    if (rows.length > 0) lines.push('', `## ${title}`, '', about, '', ...figures(rows));
    for (const run of rows.length > 0 ? [] : apart) {
      const others = run.results.measurements.filter(({ id }) => ids.test(id));
      if (others.length > 0) lines.push('', `## ${title}`, '', about, '', provenance(run), '', ...figures(others));
    }
  }
  if (skipped.length > 0)
    lines.push('', '## Not measured here', '', ...skipped.map(({ what, why }) => `- ${what}: ${why}`));
  lines.push('', findings.trim(), '', '## Machine', '', ...table(['', ''], Object.entries(machine)));
  return `${lines.join('\n')}\n`;
}

function provenance({ results, rawFile }: PartialRun): string {
  const { startedAt, commit, machine } = results;
  const load = machine['load before'];
  const busy = Number(load) > BUSY_LOAD ? ` **The machine was busy with other work (load ${load}).**` : '';
  return `Measured apart from the rest, ${startedAt.slice(0, 10)} at commit ${commit}. Raw data: [${rawFile}](../${rawFile}).${busy}`;
}

/** One row a figure, one column a subject. */
function figures(measurements: readonly Measurement[]): string[] {
  const ratio = ({ id }: Measurement) => id.endsWith('/ratio');
  const plain = measurements.filter(measurement => !ratio(measurement));
  const subjects = [...new Set(plain.map(({ subject }) => subject))];
  const ids = [...new Set(plain.map(({ id }) => id))];
  const rows = ids.map(id => {
    const row = plain.filter(measurement => measurement.id === id);
    const values = subjects.map(subject => row.find(measurement => measurement.subject === subject)?.value ?? '');
    return [id.slice(id.indexOf('/') + 1), row[0]!.unit, ...values.map(String)];
  });
  const compared = measurements
    .filter(ratio)
    .map(({ id, subject, value }) =>
      `- ${id.split('/').slice(1, -1).join('/')} ${subject}: ${value} ×`.replace('-  ', '- '),
    );
  return [...table(['', 'unit', ...subjects], rows), ...(compared.length > 0 ? ['', ...compared] : [])];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

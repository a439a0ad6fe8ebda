import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { describeCommit, describeMachine } from './machine';
import { Recorder } from './measurement';
import { measureClient } from './parts/client';
import { measureEchoContainer } from './parts/echo-container';
import { measureGateway } from './parts/gateway';
import { measureInspector } from './parts/inspector';
import { measureInstall } from './parts/install';
import { measureLocalPath } from './parts/local-path';
import { measureSynth } from './parts/synth';
import { renderChart } from './report/chart';
import { type PartialRun, renderMarkdown } from './report/markdown';
import { compare, type Results } from './results';

const ROOT = resolve(__dirname, '..');

/** What is measured, in this order. */
const PARTS: Record<string, (recorder: Recorder, quick: boolean) => Promise<void>> = {
  echo: measureEchoContainer,
  local: measureLocalPath,
  client: measureClient,
  gateway: measureGateway,
  inspector: measureInspector,
  synth: measureSynth,
  install: measureInstall,
};

interface Options {
  quick?: true;
  only?: string[];
  baseline?: string;
  output?: string;
  render?: string;
  with?: string[];
}

async function main(): Promise<void> {
  // The SDK's advice on its next year's Node.js versions is no figure.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const options = new Command('bench')
    .description('The kit beside what people would use instead, measured side by side in one run.')
    .option('--quick', 'seconds instead of minutes: shows that it runs, its figures mean little')
    .option('--only <parts...>', `some parts: ${Object.keys(PARTS).join(', ')}`)
    .option('--baseline <file>', 'an earlier result; prints what moved by more than ten percent')
    .option('--output <file>', 'where the raw result goes instead of bench/results and docs')
    .option('--render <file>', 'measures nothing; writes the page and the chart of an earlier result')
    .option('--with <files...>', 'with --render: results of --only, for the parts that the first file does not hold')
    .parse()
    .opts<Options>();
  if (options.render) {
    const [whole, ...apart] = [options.render, ...(options.with ?? [])].map(file => ({
      results: readResults(file),
      rawFile: relative(ROOT, resolve(file)),
    }));
    render(whole!.results, whole!.rawFile, apart);
    return;
  }
  const quick = options.quick ?? false;
  const parts = options.only ?? Object.keys(PARTS);
  const unknown = parts.filter(part => !(part in PARTS));
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}.`);

  const recorder = new Recorder(line => process.stderr.write(`${line}\n`));
  const startedAt = new Date();
  const machine = describeMachine();
  for (const part of parts) {
    process.stderr.write(`\n${part}\n`);
    try {
      await PARTS[part]!(recorder, quick);
    } catch (error) {
      // The other parts' figures are not thrown away with this one's.
      recorder.skip(part, `failed: ${(error as Error).message.split('\n', 1)[0]}`);
      process.stderr.write(`${(error as Error).stack}\n`);
      process.exitCode = 1;
    }
  }
  const results: Results = {
    startedAt: startedAt.toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    commit: describeCommit(ROOT),
    machine,
    measurements: recorder.measurements,
    goals: recorder.goals,
    skipped: recorder.skipped,
  };

  if (options.output) {
    writeFileSync(options.output, JSON.stringify(results, undefined, 2));
  } else if (!quick && options.only === undefined) {
    const file = join('bench', 'results', `${results.startedAt.slice(0, 10)}.json`);
    writeFileSync(join(ROOT, file), `${JSON.stringify(results, undefined, 2)}\n`);
    render(results, file);
  }
  const met = results.goals.filter(goal => goal.met).length;
  process.stdout.write(
    `\n${met} of ${results.goals.length} goals met, ${results.skipped.length} skipped, ${results.tookSeconds} s\n`,
  );
  if (options.baseline) printMoves(readResults(options.baseline), results);
}

/** Writes the page and the chart. */
function render(results: Results, rawFile: string, apart: readonly PartialRun[] = []): void {
  writeFileSync(join(ROOT, 'docs', 'benchmarks.svg'), renderChart(results));
  const findings = readFileSync(join(__dirname, 'findings.md'), 'utf8');
  writeFileSync(join(ROOT, 'docs', 'benchmarks.md'), renderMarkdown(results, rawFile, findings, apart));
}

function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

function printMoves(baseline: Results, results: Results): void {
  const moves = compare(baseline, results);
  process.stdout.write(
    `\nAgainst ${baseline.startedAt} (${baseline.commit}), ${moves.length} figures moved by ten percent or more:\n`,
  );
  for (const { better, id, subject, before, after, unit, change } of moves) {
    const percent = `${change > 0 ? '+' : ''}${Math.round(change * 100)} %`;
    process.stdout.write(
      `  ${better ? 'better' : 'worse '}  ${id}, ${subject}: ${before} to ${after} ${unit} (${percent})\n`,
    );
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';

const SCRIPT = join(__dirname, 'emulator', 'published_values.py');
const RECORD = join(__dirname, '..', 'contract', 'published', 'record.json');

/** Values by source: API shapes from botocore, properties of resource schemas from cfn-lint. */
interface PublishedValues {
  readonly botocore: { readonly version: string; readonly shapes: Record<string, Record<string, unknown>> };
  readonly 'cfn-lint': { readonly version: string; readonly resources: Record<string, Record<string, unknown>> };
}

/**
 * Compares what `npm test` holds the contract against, test/contract/published/record.json, with the API models and resource
 * schemas themselves. With `isRecording` the record is written anew; a difference to the contract then fails in `npm test`.
 */
export async function checkPublishedValues(python: string, scorecard: Scorecard, isRecording: boolean): Promise<void> {
  await scorecard.check('the recorded limits and patterns are those that AWS publishes', async () => {
    const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as PublishedValues;
    const wanted = {
      shapes: namesOf(recorded.botocore.shapes),
      resources: namesOf(recorded['cfn-lint'].resources),
    };
    const { stdout } = await run(join(python, 'python'), ['-B', SCRIPT, JSON.stringify(wanted)], { isPrinted: false });
    const published = JSON.parse(stdout) as PublishedValues;
    if (isRecording) {
      writeFileSync(RECORD, `${JSON.stringify({ ...recorded, ...published }, null, 2)}\n`);
      return;
    }
    const differences = [
      ...differencesOf('botocore', recorded.botocore.shapes, published.botocore.shapes),
      ...differencesOf('cfn-lint', recorded['cfn-lint'].resources, published['cfn-lint'].resources),
    ];
    if (differences.length > 0) {
      throw new Error(`${differences.join('\n')}\nRecord them with npm run rehearse -- --record, then run npm test.`);
    }
  });
}

function namesOf(values: Record<string, Record<string, unknown>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([owner, names]) => [owner, Object.keys(names)]));
}

function differencesOf(
  source: string,
  recorded: Record<string, Record<string, unknown>>,
  published: Record<string, Record<string, unknown>>,
): string[] {
  return Object.entries(recorded).flatMap(([owner, names]) =>
    Object.entries(names).flatMap(([name, value]) => {
      const [before, now] = [JSON.stringify(value), JSON.stringify(published[owner]?.[name])];
      return before === now ? [] : [`${source} ${owner} ${name}: recorded ${before}, published ${now}`];
    }),
  );
}

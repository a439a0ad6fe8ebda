/** Synthesizes the examples of docs/constructs.md as examples.py does: examples.ts MODULES FOLDER, each into FOLDER/<its number>. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';

const [modules, folder] = process.argv.slice(2) as [string, string];
for (const number of readdirSync(modules).map(file => file.replace('.ts', ''))) {
  const app = new App({ outdir: join(folder, number), analyticsReporting: false });
  const stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'us-east-1' } });
  require(join(modules, number)).example(app, stack);
  app.synth();
}

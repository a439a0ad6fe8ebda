import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { landmarksOf } from './speech-simulator/src/script';

/** Containers that get a copy of `streaming/`. Each is built from its own folder alone, so that it can be copied away. */
export const CONTAINERS: readonly string[] = ['echo', 'speech-simulator'];

const SOURCE = join(__dirname, 'streaming');

/** Every generated file of one container, by its path in the container's folder. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(SOURCE).map(file => {
      const text = readFileSync(join(SOURCE, file), 'utf8');
      const notice = `Generated from container/streaming/${file} by "npm run containers:generate"; edit it there.`;
      return file.endsWith('.ts')
        ? [join('src', 'streaming', file), `// ${notice}\n${text}`]
        : [file, `# ${notice}\n${text}`];
    }),
  );
}

/** The parts of the sample recording that the simulator needs: its script, and its landmarks instead of its audio. */
export function sampleFiles(): ReadonlyMap<string, string> {
  const examples = join(__dirname, '..', 'examples');
  const landmarks = landmarksOf(readFileSync(join(examples, 'sample.wav')));
  return new Map([
    ['sample.script.json', readFileSync(join(examples, 'sample.script.json'), 'utf8')],
    ['sample.landmarks.json', `${JSON.stringify(Object.fromEntries(landmarks), undefined, 2)}\n`],
  ]);
}

/** Writes the copies, and removes those whose source is gone. */
function generate(): void {
  for (const container of CONTAINERS) {
    rmSync(join(__dirname, container, 'src', 'streaming'), { recursive: true, force: true });
    for (const [path, text] of generatedFiles()) {
      const file = join(__dirname, container, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      process.stdout.write(`${relative(process.cwd(), file)}\n`);
    }
  }
  for (const [file, text] of sampleFiles()) {
    writeFileSync(join(__dirname, 'speech-simulator', 'src', file), text);
  }
}

if (require.main === module) generate();

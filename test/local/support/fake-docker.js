// Stands in for docker in tests: notes what it was asked, and runs the scripted container where docker would run the image.
const { spawn } = require('node:child_process');
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const directory = process.env.FAKE_DOCKER_DIRECTORY;
const [verb, ...words] = process.argv.slice(2);
appendFileSync(join(directory, 'asked'), `${JSON.stringify([verb, ...words])}\n`);
const value = option => words[words.indexOf(option) + 1];

if (verb === 'build') {
  console.log('step 1: built');
  process.exit(existsSync(join(words.at(-1), 'broken')) ? 1 : 0);
} else if (verb === 'run') {
  const [, port] = value('--publish').split(':');
  const environment = words.flatMap((word, index) => (words[index - 1] === '--env' ? [word] : []));
  const child = spawn(process.execPath, [join(__dirname, 'scripted-container.js'), words.at(-1)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH,
      ...Object.fromEntries(environment.map(pair => pair.split('='))),
      SAGEMAKER_BIND_TO_PORT: port,
    },
  });
  const file = join(directory, value('--name'));
  writeFileSync(file, String(child.pid));
  child.on('exit', (code, signal) => {
    rmSync(file, { force: true });
    process.exit(signal ? 137 : code);
  });
} else if (verb === 'kill' || verb === 'rm') {
  const file = join(directory, words.at(-1));
  if (!existsSync(file)) process.exit(1);
  process.kill(Number(readFileSync(file, 'utf8')), verb === 'kill' ? value('--signal') : 'SIGKILL');
}

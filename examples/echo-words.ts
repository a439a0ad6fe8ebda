/**
 * Sends words to a streaming endpoint and prints what comes back.
 *
 *   node --require esbuild-register examples/echo-words.ts ENDPOINT [WORDS...]
 *
 * Region and credentials come from the environment, as for every AWS SDK. For an endpoint on this machine, take the variables that
 * `npx bidi local EchoBidiStack` prints.
 */
import { BidiSession } from '../lib/client'; // in your application: 'sagemaker-bidi-kit/client'

async function main(endpointName: string, phrases: string[]): Promise<void> {
  await using session = await BidiSession.open({ endpointName });

  const receiving = (async () => {
    for await (const message of session) console.log(`← ${message}`);
  })();

  for (const phrase of phrases) {
    console.log(`→ ${phrase}`);
    await session.send(phrase);
  }
  await session.closeInput(); // the model answers what it still has to, and ends its side
  await receiving;
}

const [endpointName, ...words] = process.argv.slice(2);
if (!endpointName) {
  console.error('Usage: echo-words.ts ENDPOINT [WORDS...]');
  process.exit(2);
}
const announcement = ['I need help with', 'my account balance', 'I can help with that', 'and recent charges'];
main(endpointName, words.length > 0 ? words : announcement).catch(error => {
  console.error(error.message);
  process.exit(1);
});

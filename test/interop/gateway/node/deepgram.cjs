// Deepgram's SDK for JavaScript: live transcription and speech. Arguments: host:port, token, WAV file of 16 kHz.
const { readFileSync } = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');
const { DeepgramClient } = require('@deepgram/sdk');

const [gateway, token, recording] = process.argv.slice(2);
const WAV_HEADER_BYTES = 44;
const environment = {
  base: `http://${gateway}`,
  production: `ws://${gateway}`,
  agent: `ws://${gateway}`,
  agentRest: `http://${gateway}`,
};
const deepgram = new DeepgramClient({ apiKey: token, environment });

async function listen() {
  const heard = { interim: 0, finals: [], errors: [], close: undefined };
  const connection = await deepgram.listen.v1.connect({
    model: 'nova-3',
    encoding: 'linear16',
    sample_rate: 16_000,
    interim_results: 'true',
    keyterm: 'account balance',
  });
  connection.on('message', message => {
    if (message.type !== 'Results') return;
    if (message.is_final) heard.finals.push(message.channel.alternatives[0].transcript);
    else heard.interim += 1;
  });
  connection.on('error', error => heard.errors.push(error.message));
  const closed = new Promise(resolve => connection.on('close', resolve));
  connection.connect();
  await connection.waitForOpen();
  const audio = readFileSync(recording).subarray(WAV_HEADER_BYTES);
  for (let offset = 0; offset < audio.length; offset += 3_200) {
    connection.sendMedia(audio.subarray(offset, offset + 3_200));
    await delay(100);
  }
  connection.sendCloseStream({ type: 'CloseStream' });
  heard.close = (await closed).code;
  return heard;
}

async function speak() {
  const spoken = { bytes: 0, types: [], close: undefined };
  const connection = await deepgram.speak.v1.connect({
    model: 'aura-2-thalia-en',
    encoding: 'linear16',
    sample_rate: 24_000,
  });
  connection.on('message', message => {
    if (message instanceof Blob) {
      spoken.bytes += message.size;
      return;
    }
    spoken.types.push(message.type);
    if (message.type === 'Flushed') connection.sendClose({ type: 'Close' });
  });
  const closed = new Promise(resolve => connection.on('close', resolve));
  connection.connect();
  await connection.waitForOpen();
  connection.sendText({ type: 'Speak', text: 'Hello there.' });
  connection.sendFlush({ type: 'Flush' });
  spoken.close = (await closed).code;
  return spoken;
}

async function main() {
  const result = { listen: await listen(), speak: await speak() };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});

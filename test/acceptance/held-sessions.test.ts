import { echo } from '../client/support/fake-runtime';
import { fake } from '../client/support/fresh-runtime';
import { HeldSessions } from './held-sessions';
import { until as untilSeen } from './until';

const hold = (count: number) => HeldSessions.open('echo', fake.client, { count, messageMs: 1 });
const until = (look: () => boolean) => untilSeen(async () => look(), 5, AbortSignal.timeout(10_000));

test('sessions are held with a message on its way, and end in order', async () => {
  fake.behaviour = echo;
  await using sessions = await hold(3);
  await until(() => sessions.exchanged >= 9);
  await sessions.close();
  expect(sessions.ageMs).toBeGreaterThan(0);
});

test('a session that is cut is told, though nobody read it at that moment', async () => {
  let streams = 0;
  fake.behaviour = async stream => {
    streams += 1;
    if (streams > 1) return echo(stream);
    stream.respond();
    for await (const _part of stream.parts()) return stream.reset(2);
  };
  await using sessions = await hold(3);
  await until(() => sessions.exchanged >= 4);
  await expect(sessions.close()).rejects.toThrow('1 of 3 sessions did not last:');
});

test('where one is refused, the others are closed', async () => {
  let streams = 0;
  fake.behaviour = stream => {
    streams += 1;
    return streams === 2 ? stream.refuse(400, 'ValidationException', { Message: 'no' }) : echo(stream);
  };
  await expect(hold(3)).rejects.toThrow('no');
});

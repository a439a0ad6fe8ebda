import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionRoundTripMs, watchConnection } from '../../../lib/client/stream/connection-health';
import { FakeRuntime } from '../support/fake-runtime';

let fake: FakeRuntime;

beforeEach(async () => {
  fake = await FakeRuntime.start();
});

afterEach(() => fake.close());

test('a connection that goes silent is destroyed', async () => {
  const sockets: Socket[] = [];
  const proxy = createServer(socket => {
    const upstream = connectTcp(fake.port, '127.0.0.1');
    sockets.push(socket, upstream);
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const connection = connect(`http://127.0.0.1:${(proxy.address() as { port: number }).port}`);
  await once(connection, 'remoteSettings');
  watchConnection(connection, 400);
  await delay(900);
  expect(connection.destroyed).toBe(false);
  expect(connectionRoundTripMs(connection)).toBeGreaterThan(0);
  for (const socket of sockets) socket.unpipe().pause(); // the peer is gone and says nothing
  const [error] = await once(connection, 'error');
  expect(error.message).toContain('HTTP/2 ping');
  expect(connection.destroyed).toBe(true);
  for (const socket of sockets) socket.destroy();
  proxy.close();
});

test('silence limits that others set are lifted, and a connection is watched once', async () => {
  const connection = connect(fake.url);
  await once(connection, 'remoteSettings');
  const timedOut = jest.fn();
  connection.setTimeout(30, timedOut);
  const ping = jest.spyOn(connection, 'ping');
  watchConnection(connection, 10_000);
  watchConnection(connection, 10_000);
  await delay(120);
  expect(timedOut).not.toHaveBeenCalled();
  expect(ping).toHaveBeenCalledTimes(1);
  expect(connection.state.localWindowSize).toBeGreaterThan(65_535);
  connection.destroy();
});

test('a connection that takes no more frames is left alone', async () => {
  const connection = connect(fake.url);
  await once(connection, 'remoteSettings');
  connection.close();
  watchConnection(connection, 10);
  expect(connectionRoundTripMs(connection)).toBeUndefined();
});

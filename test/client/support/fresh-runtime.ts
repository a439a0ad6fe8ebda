import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { FakeRuntime } from './fake-runtime';

/** The fake that the test at hand talks to: every test of a file that imports it has one of its own. */
export let fake: FakeRuntime;
/** A client of {@link fake}. */
export let client: SageMakerRuntimeHTTP2Client;

beforeEach(async () => {
  fake = await FakeRuntime.start();
  client = new SageMakerRuntimeHTTP2Client(fake.client);
});

afterEach(async () => {
  client.destroy();
  await fake.close();
});

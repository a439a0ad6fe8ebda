import { type BidiClient, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { FakeRuntime } from './fake-runtime';

/** The fake that the test at hand talks to: every test of a file that imports it has one of its own. */
export let fake: FakeRuntime;
/** A client of {@link fake}. */
export let client: BidiClient & { destroy(): void };

let makeClient: (runtime: FakeRuntime) => typeof client = runtime => new SageMakerRuntimeHTTP2Client(runtime.client);

/** Has {@link client} made otherwise, for a file that runs the tests of another one with another client. */
export function useClient(make: typeof makeClient): void {
  makeClient = make;
}

beforeEach(async () => {
  fake = await FakeRuntime.start();
  client = makeClient(fake);
});

afterEach(async () => {
  client.destroy();
  await fake.close();
});

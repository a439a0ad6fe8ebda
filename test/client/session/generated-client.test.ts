/** The tests of sessions and of resume, through a client as the SDK's generator makes it. */

import { useClient } from '../support/fresh-runtime';
import { GeneratedClient } from '../support/generated-client';

// The SDK warns on the console of every failed stream.
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation());
afterAll(() => jest.restoreAllMocks());

useClient(runtime => new GeneratedClient(runtime.client));

describe('the generated client', () => {
  require('./bidi-session.test');
  require('./resume.test');
});

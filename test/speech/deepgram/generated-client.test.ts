/** The tests of Deepgram's streams over the wire, through a client as the SDK's generator makes it. */

import { WireDeepgramClient as mockWireDeepgramClient } from './wire-deepgram-client';

jest.mock('./fake-deepgram-client', () => ({
  ...jest.requireActual('./fake-deepgram-client'),
  get FakeDeepgramClient() {
    return mockWireDeepgramClient;
  },
}));

// The SDK warns on the console of every failed stream.
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation());
afterAll(() => jest.restoreAllMocks());

describe('the generated client', () => {
  require('./deepgram-listen.test');
  require('./deepgram-speak.test');
});

import { fuzz } from './fuzz/fuzz-cases';

// `npm run test:fuzz` runs 100,000, sessions over real sockets, and as many as it is told.
test('three thousand request streams, request headers and frame sequences, whole and broken', async () => {
  await fuzz(3_000, 20_260_102);
}, 120_000);

/** A fixed pair, for tests of signatures. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'a secret of tests' };

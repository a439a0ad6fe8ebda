import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { LOCAL_REGION } from '../../../lib/local';
import { SignatureVerifier } from '../../../lib/local/service/signature-verification';
import { TEST_CREDENTIALS } from '../support/test-credentials';

const TARGET = '/endpoints/echo/invocations-bidirectional-stream';

/** Signs a request that opens a stream, with a payload hash or none, and lets the verifier begin the chain of its events. */
async function openWith(payloadHash?: string): Promise<void> {
  const signer = new SignatureV4({
    credentials: TEST_CREDENTIALS,
    region: LOCAL_REGION,
    service: 'sagemaker',
    sha256: Hash.bind(null, 'sha256') as never,
    applyChecksum: false,
  });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname: 'localhost',
    path: TARGET,
    query: {},
    headers: { host: 'localhost:8443', ...(payloadHash ? { 'x-amz-content-sha256': payloadHash } : {}) },
  });
  const verifier = new SignatureVerifier(LOCAL_REGION, [TEST_CREDENTIALS]);
  verifier.eventChain(verifier.verifyRequest({ method: 'POST', target: TARGET, headers }));
}

describe('the payload hash of a request that opens a stream', () => {
  test('may name signed events, as most SDKs do', () =>
    expect(openWith('STREAMING-AWS4-HMAC-SHA256-EVENTS')).resolves.toBeUndefined());

  test('may be left out, as the AWS SDK for Rust does', () => expect(openWith()).resolves.toBeUndefined());

  test('may not promise anything else', () =>
    expect(openWith('UNSIGNED-PAYLOAD')).rejects.toThrow(/x-amz-content-sha256/));
});

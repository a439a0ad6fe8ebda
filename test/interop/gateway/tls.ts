import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate of 127.0.0.1, its key, and the PEM file by which a client trusts it. */
export interface LoopbackCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly file: string;
}

/** Makes a certificate that is its own authority. */
export async function loopbackCertificate(directory: string): Promise<LoopbackCertificate> {
  const { cert: certificate, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const file = join(directory, 'gateway.pem');
  writeFileSync(file, certificate);
  return { certificate, key, file };
}

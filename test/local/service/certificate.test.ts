import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCertificate } from '../../../lib/local/service/certificate';

describe('loadCertificate', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('shows a certificate that is no authority, signed by one that is', async () => {
    const { certificate, authority } = await loadCertificate(directory);
    const shown = new X509Certificate(certificate);
    const signer = new X509Certificate(authority);
    expect(shown.ca).toBe(false);
    expect(signer.ca).toBe(true);
    expect(shown.verify(signer.publicKey)).toBe(true);
    expect(['localhost', '127.0.0.1', '::1'].map(host => shown.checkHost(host) ?? shown.checkIP(host))).toEqual([
      'localhost',
      '127.0.0.1',
      '::1',
    ]);
  });

  test('keeps the certificate, and the key to itself', async () => {
    const made = await loadCertificate(directory);
    expect(await loadCertificate(directory)).toEqual(made);
    expect(statSync(join(directory, 'localhost.pem')).mode & 0o777).toBe(0o600);
    expect(readFileSync(made.authorityFile, 'utf8')).toBe(made.authority);
    const keys = readdirSync(directory).flatMap(
      file => readFileSync(join(directory, file), 'utf8').match(/PRIVATE KEY-----\r?\n[^-]/g) ?? [],
    );
    expect(keys).toHaveLength(1);
  });

  test('makes a new one in place of what it cannot use', async () => {
    writeFileSync(join(directory, 'localhost.pem'), 'rubbish');
    const { certificate } = await loadCertificate(directory);
    expect(new X509Certificate(certificate).subject).toContain('sagemaker-bidi-kit local');
  });
});

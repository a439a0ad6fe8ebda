import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type Certificate, loadCertificate } from '../../../lib/local/service/certificate';

describe('loadCertificate', () => {
  let directory: string;
  let keyFile: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'certificate-'));
    keyFile = join(directory, 'eu-west-1', 'localhost.pem');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const load = (): Promise<Certificate> => loadCertificate(directory, 'eu-west-1');

  test('shows a certificate that is no authority, signed by one that is', async () => {
    const { certificate, authority } = await load();
    const shown = new X509Certificate(certificate);
    const signer = new X509Certificate(authority);
    expect(shown.ca).toBe(false);
    expect(signer.ca).toBe(true);
    expect(shown.verify(signer.publicKey)).toBe(true);
    const hosts = ['localhost', '127.0.0.1', '::1', 'runtime.sagemaker.eu-west-1.amazonaws.com'];
    expect(hosts.map(host => shown.checkHost(host) ?? shown.checkIP(host))).toEqual(hosts);
  });

  test('keeps the certificate, and the key to itself', async () => {
    const made = await load();
    expect(await load()).toEqual(made);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(made.authorityFile, 'utf8')).toBe(made.authority);
    const files = join(directory, 'eu-west-1');
    const keys = readdirSync(files).flatMap(
      file => readFileSync(join(files, file), 'latin1').match(/PRIVATE KEY-----\r?\n[^-]/g) ?? [],
    );
    expect(keys).toHaveLength(1);
    expect(readdirSync(files).sort()).toEqual(['localhost.crt', 'localhost.pem', 'trusted.jks', 'trusted.pem']);
  });

  test.each<[string, () => void]>([
    ['is rubbish', () => writeFileSync(keyFile, 'rubbish')],
    ['others can read', () => chmodSync(keyFile, 0o644)],
    [
      'has the key of another certificate',
      () => {
        const [, ...certificates] = readFileSync(keyFile, 'utf8').match(
          /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g,
        )!;
        const other = execFileSync(process.execPath, [
          '-e',
          "console.log(crypto.generateKeyPairSync('ec',{namedCurve:'P-256'}).privateKey.export({type:'pkcs8',format:'pem'}))",
        ]);
        writeFileSync(keyFile, [other, ...certificates].join(''));
      },
    ],
  ])('makes a new one in place of one that %s', async (_, spoil) => {
    const before = await load();
    spoil();
    const made = await load();
    expect(made.certificate).not.toBe(before.certificate);
    expect(await load()).toEqual(made);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  });

  test('follows no link: what it points to stays as it is', async () => {
    const elsewhere = join(directory, 'elsewhere');
    writeFileSync(elsewhere, 'of another program');
    mkdirSync(join(directory, 'eu-west-1'));
    for (const name of ['localhost.pem', 'localhost.crt', 'trusted.pem'])
      symlinkSync(elsewhere, join(directory, 'eu-west-1', name));
    await load();
    expect(readFileSync(elsewhere, 'utf8')).toBe('of another program');
    expect(lstatSync(keyFile).isFile()).toBe(true);
  });

  test('goes to a temporary directory, and says so, where the directory cannot be written', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const { warning, authorityFile } = await loadCertificate(file, 'eu-west-1');
    expect(warning).toMatch(/ENOTDIR|EEXIST/);
    expect(existsSync(authorityFile)).toBe(true);
  });

  test('what replaces the trust of a program holds the public authorities, too', async () => {
    const { authority, bundleFile } = await load();
    const bundle = readFileSync(bundleFile, 'utf8');
    expect(bundle).toContain(authority.trim());
    expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(1 + rootCertificates.length);
  });

  const keytool = existsSync('/usr/bin/keytool') ? test : test.skip;
  keytool('Java’s own tool reads the trust store', async () => {
    const { authority, javaTrustStoreFile } = await load();
    const listed = execFileSync(
      'keytool',
      [
        '-list',
        '-rfc',
        '-alias',
        'sagemaker-bidi-kit-local',
        '-keystore',
        javaTrustStoreFile,
        '-storepass',
        'changeit',
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    expect(listed).toContain('trustedCertEntry');
    expect(listed.replace(/\r/g, '')).toContain(authority.split('\n')[1]);
  });
});

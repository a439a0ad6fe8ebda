import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { localStateDirectory } from '../local-state';
import { javaTrustStore } from './java-trust-store';
import { runtimeHosts } from './request-source';

/** The certificate of the local SageMaker, and the files with which its callers trust it. */
export interface Certificate extends KeptCertificate {
  /** Path of the authority's certificate alone, for `NODE_EXTRA_CA_CERTS`, which adds to what is trusted. */
  readonly authorityFile: string;
  /** Path of the authority's certificate and the public ones, for `SSL_CERT_FILE` and `AWS_CA_BUNDLE`, which replace what is trusted. */
  readonly bundleFile: string;
  /** The same as {@link bundleFile} as a Java key store, for `-Djavax.net.ssl.trustStore`. */
  readonly javaTrustStoreFile: string;
  /** Why the files are in a temporary directory, or undefined where they are where they were meant to be. */
  readonly warning?: string;
}

interface KeptCertificate {
  /** Private key, PEM. */
  readonly key: string;
  /** Certificate, PEM. */
  readonly certificate: string;
  /** Certificate of the authority that signed it, PEM. */
  readonly authority: string;
}

const DAY_MS = 86_400_000;

/** Life of a certificate, in days: below what strict clients accept at most. */
const LIFE_DAYS = 397;

/** A certificate with less than this left, in days, is made anew. */
const RENEW_DAYS = 30;

/** Directory of the certificate where none other is named: beside the state files of running instances. */
export function defaultCertificateDirectory(): string {
  return join(dirname(localStateDirectory()), 'certificate');
}

/**
 * The certificate for `localhost`, `127.0.0.1`, `::1` and the hosts of a region's runtime, kept in a directory; made there when there is
 * none that lasts.
 *
 * An authority of its own signs it, because strict clients take no authority as a server's certificate (webpki,
 * `CaUsedAsEndEntity`) and others no server's certificate as a trust anchor. The authority's key is never written: a client that trusts it
 * trusts this one certificate.
 *
 * A directory that cannot be written is replaced by a temporary one; {@link Certificate.warning} says so.
 *
 * @throws the error of the system where neither the directory nor a temporary one can be written.
 */
export async function loadCertificate(directory: string, region: string): Promise<Certificate> {
  const regional = join(directory, region);
  const hosts = ['localhost', ...runtimeHosts(region)];
  const keyFile = join(regional, 'localhost.pem');
  const kept = readKept(keyFile, hosts) ?? (await makeCertificate(hosts));
  try {
    return writeFiles(kept, regional);
  } catch (error) {
    const temporary = mkdtempSync(join(tmpdir(), 'sagemaker-bidi-kit-'));
    process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
    const warning = `The certificate is kept in ${temporary} until this process ends: ${(error as Error).message}`;
    return { ...writeFiles(kept, temporary), warning };
  }
}

/** Writes what is missing or differs. */
function writeFiles(kept: KeptCertificate, directory: string): Certificate {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(directory, name);
  const { key, certificate, authority } = kept;
  const createdAt = new Date(new X509Certificate(authority).validFrom);
  const trusted = new Map([
    ['sagemaker-bidi-kit-local', authority],
    ...rootCertificates.map((pem, index) => [`public-${index}`, pem] as const),
  ]);
  // Key and certificates in one file, so that no reader ever sees a part.
  // A key that others could read is not kept (readKept), so that one with the same content has the right mode.
  writeWhole(file('localhost.pem'), Buffer.from([key, certificate, authority].join('')), 0o600);
  writeWhole(file('localhost.crt'), Buffer.from(authority), 0o644);
  writeWhole(file('trusted.pem'), Buffer.from([...trusted.values()].map(pem => `${pem.trim()}\n`).join('')), 0o644);
  writeWhole(file('trusted.jks'), javaTrustStore(trusted, createdAt), 0o644);
  return {
    ...kept,
    authorityFile: file('localhost.crt'),
    bundleFile: file('trusted.pem'),
    javaTrustStoreFile: file('trusted.jks'),
  };
}

async function makeCertificate(hosts: readonly string[]): Promise<KeptCertificate> {
  const { generate } = await import('selfsigned');
  const now = Date.now();
  const common = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + LIFE_DAYS * DAY_MS),
  } as const;
  const authority = await generate([{ name: 'commonName', value: 'sagemaker-bidi-kit local authority' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const made = await generate([{ name: 'commonName', value: 'sagemaker-bidi-kit local' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...hosts.map(value => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  const [key, certificate, authorityCertificate] = [made.private, made.cert, authority.cert].map(
    pem => `${pem.trim()}\n`,
  );
  return { key: key!, certificate: certificate!, authority: authorityCertificate! };
}

/** The certificate in a file, unless it expires soon, is incomplete, can be read by other users, or is for other hosts. */
function readKept(file: string, hosts: readonly string[]): KeptCertificate | undefined {
  try {
    const status = lstatSync(file);
    const isOwn = process.platform === 'win32' || (status.uid === process.getuid?.() && (status.mode & 0o077) === 0);
    if (!isOwn || !status.isFile()) return undefined;
    const [key, certificate, authority] =
      readFileSync(file, 'utf8').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\r?\n?/g) ?? [];
    if (!key || !certificate || !authority) return undefined;
    const shown = new X509Certificate(certificate);
    const isGood =
      Date.parse(shown.validTo) - Date.now() >= RENEW_DAYS * DAY_MS &&
      shown.checkPrivateKey(createPrivateKey(key)) &&
      shown.verify(new X509Certificate(authority).publicKey) &&
      hosts.every(host => shown.checkHost(host));
    return isGood ? { key, certificate, authority } : undefined;
  } catch {
    return undefined; // not there, or not a certificate
  }
}

/** Writes a file unless it is there with the same content. A link in its place is replaced, not followed. */
function writeWhole(file: string, content: Buffer, mode: number): void {
  if (isSame(file, content)) return;
  const unfinished = `${file}.${randomUUID()}`;
  writeFileSync(unfinished, content, { mode, flag: 'wx' });
  try {
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function isSame(file: string, content: Buffer): boolean {
  try {
    return lstatSync(file).isFile() && readFileSync(file).equals(content);
  } catch {
    return false;
  }
}

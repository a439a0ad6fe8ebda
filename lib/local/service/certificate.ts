import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { localStateDirectory } from '../local-state';

/** What the local SageMaker shows to its callers. */
export interface Certificate {
  /** Private key, PEM. */
  readonly key: string;
  /** Certificate, PEM. */
  readonly certificate: string;
  /** Certificate of the authority that signed it, PEM. */
  readonly authority: string;
  /** Path of the authority's certificate, for `NODE_EXTRA_CA_CERTS` and `AWS_CA_BUNDLE`. */
  readonly authorityFile: string;
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
 * The certificate for `localhost`, `127.0.0.1` and `::1` in a directory; made there when there is none that lasts.
 *
 * An authority of its own signs it, because strict clients take no authority as a server's certificate (webpki,
 * `CaUsedAsEndEntity`) and others no server's certificate as a trust anchor. The authority's key is never written: whoever trusts
 * it trusts this one certificate.
 */
export async function loadCertificate(directory: string): Promise<Certificate> {
  const file = join(directory, 'localhost.pem');
  const authorityFile = join(directory, 'localhost.crt');
  const kept = readKept(file, authorityFile);
  if (kept) return { ...kept, authorityFile };
  const { generate } = require('selfsigned') as typeof import('selfsigned');
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
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // All in one file, so that no reader ever sees a part; the authority alone beside it, for clients.
  writeWhole(file, `${[made.private, made.cert, authority.cert].map(pem => pem.trim()).join('\n')}\n`, 0o600);
  const written = readKept(file, authorityFile);
  return {
    ...(written ?? { key: made.private, certificate: made.cert, authority: authority.cert }),
    authorityFile,
  };
}

function readKept(file: string, authorityFile: string): Omit<Certificate, 'authorityFile'> | undefined {
  if (!existsSync(file)) return undefined;
  const [key, certificate, authority] =
    readFileSync(file, 'utf8').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\r?\n?/g) ?? [];
  if (!key || !certificate || !authority) return undefined;
  try {
    if (Date.parse(new X509Certificate(certificate).validTo) - Date.now() < RENEW_DAYS * DAY_MS) return undefined;
  } catch {
    return undefined;
  }
  if (!existsSync(authorityFile) || readFileSync(authorityFile, 'utf8') !== authority) {
    writeWhole(authorityFile, authority, 0o644);
  }
  return { key, certificate, authority };
}

function writeWhole(file: string, content: string, mode: number): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content, { mode });
  renameSync(unfinished, file);
}

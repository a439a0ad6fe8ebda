import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { localStateDirectory } from './local-state';

/** What the local SageMaker shows to its callers. */
export interface Certificate {
  /** Private key, PEM. */
  readonly key: string;
  /** Certificate, PEM. It is its own authority. */
  readonly certificate: string;
  /** Path of the certificate, for `NODE_EXTRA_CA_CERTS` and `AWS_CA_BUNDLE`. */
  readonly certificateFile: string;
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

/** The certificate for `localhost`, `127.0.0.1` and `::1` in a directory; made there when there is none that lasts. */
export async function loadCertificate(directory: string): Promise<Certificate> {
  const file = join(directory, 'localhost.pem');
  const certificateFile = join(directory, 'localhost.crt');
  const kept = readKept(file, certificateFile);
  if (kept) return { ...kept, certificateFile };
  const { generate } = require('selfsigned') as typeof import('selfsigned');
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'sagemaker-bidi-kit local' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + LIFE_DAYS * DAY_MS),
    extensions: [
      // An authority for itself and nothing below: some clients take only an authority as a trust anchor.
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
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
  // Key and certificate in one file, so that no reader ever sees one of two; the certificate alone beside it, for clients.
  writeWhole(file, `${made.private.trim()}\n${made.cert.trim()}\n`, 0o600);
  const written = readKept(file, certificateFile);
  return { ...(written ?? { key: made.private, certificate: made.cert }), certificateFile };
}

function readKept(file: string, certificateFile: string): { key: string; certificate: string } | undefined {
  if (!existsSync(file)) return undefined;
  const [key, certificate] =
    readFileSync(file, 'utf8').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\r?\n?/g) ?? [];
  if (!key || !certificate) return undefined;
  try {
    if (Date.parse(new X509Certificate(certificate).validTo) - Date.now() < RENEW_DAYS * DAY_MS) return undefined;
  } catch {
    return undefined;
  }
  if (!existsSync(certificateFile) || readFileSync(certificateFile, 'utf8') !== certificate) {
    writeWhole(certificateFile, certificate, 0o644);
  }
  return { key, certificate };
}

function writeWhole(file: string, content: string, mode: number): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content, { mode });
  renameSync(unfinished, file);
}

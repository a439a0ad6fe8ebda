import { createHash } from 'node:crypto';

/** Password of the store, which Java's tools take as their default. It guards nothing: the store holds no secret. */
export const TRUST_STORE_PASSWORD = 'changeit';

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;

/** Mixed into the digest of every store (OpenJDK, `JavaKeyStore.java`). */
const DIGEST_WORDS = 'Mighty Aphrodite';

/**
 * A Java key store (JKS) of trusted certificates: for `-Djavax.net.ssl.trustStore`. Java reads no PEM file there.
 *
 * @param certificates PEM texts, by alias.
 * @param createdAt date of the entries.
 */
export function javaTrustStore(certificates: ReadonlyMap<string, string>, createdAt: Date): Buffer {
  const entries = [...certificates].flatMap(([alias, pem]) => {
    const certificate = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    return [
      uint32(TRUSTED_CERTIFICATE),
      text(alias),
      uint64(createdAt.getTime()),
      text('X.509'),
      uint32(certificate.length),
      certificate,
    ];
  });
  const store = Buffer.concat([uint32(MAGIC), uint32(VERSION), uint32(certificates.size), ...entries]);
  const digest = createHash('sha1')
    .update(Buffer.from(TRUST_STORE_PASSWORD, 'utf16le').swap16())
    .update(DIGEST_WORDS)
    .update(store)
    .digest();
  return Buffer.concat([store, digest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.alloc(2 + Buffer.byteLength(value));
  bytes.writeUInt16BE(bytes.length - 2);
  bytes.write(value, 2);
  return bytes;
}

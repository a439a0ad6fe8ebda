import { randomBytes } from 'node:crypto';

/** A pair of keys whose signatures are accepted. */
export interface LocalCredentials {
  /** Id of the access key, which a signature names. */
  readonly accessKeyId: string;
  /** Secret that signatures are made with. Never sent. */
  readonly secretAccessKey: string;
  /**
   * Session token that has to come with the pair.
   *
   * @default - none
   */
  readonly sessionToken?: string;
}

/** Letters and digits of an access key's id: 32 of them, as in base 32. */
const KEY_ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * A new pair that looks like one of AWS and opens one local SageMaker alone. It is random, so that a web page, or another user of this
 * machine, cannot sign for it.
 */
export function createLocalCredentials(): LocalCredentials {
  const id = Array.from(randomBytes(11), byte => KEY_ID_ALPHABET[byte % KEY_ID_ALPHABET.length]).join('');
  return { accessKeyId: `AKIALOCAL${id}`, secretAccessKey: randomBytes(30).toString('base64url') };
}

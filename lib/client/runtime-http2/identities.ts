import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';

/** Identities that are remembered. A stream needs its own for the moment between its request and its first event. */
const REMEMBERED = 64;

/**
 * The identities that providers gave lately, by access key: the SDK asks for credentials once to sign the request and again to
 * sign its events, and credentials that rotate in between would break the chain of signatures.
 */
class Identities {
  private readonly recent = new Map<string, AwsCredentialIdentity>();

  /** The identity with an access key, if a provider gave it lately. */
  of(accessKeyId: string): AwsCredentialIdentity | undefined {
    return this.recent.get(accessKeyId);
  }

  /** A provider that the SDK has resolved, with each identity that it gives remembered. */
  remember(provider: AwsCredentialIdentityProvider): AwsCredentialIdentityProvider {
    const remembering: AwsCredentialIdentityProvider = async properties => {
      const identity = await provider(properties);
      this.recent.delete(identity.accessKeyId);
      this.recent.set(identity.accessKeyId, identity);
      const [oldest] = this.recent.keys();
      if (this.recent.size > REMEMBERED) this.recent.delete(oldest!);
      return identity;
    };
    // Resolved already: not to be memoized, bound and attributed once more.
    return Object.assign(remembering, { memoized: true, configBound: true, attributed: true });
  }
}

/** Those of this process. */
export const identities = new Identities();

// Generated from container/streaming/settings.ts by "npm run containers:generate"; edit it there.
import { BIND_TO_HOST_VARIABLE, BIND_TO_PORT_VARIABLE, CONTAINER_PORT, SERVE_ARGUMENT } from './platform';

/** Everything that is wrong with how the container was started. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigurationError';
  }
}

/** Where a container listens. */
export interface ListenAddress {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; undefined listens on all addresses, which is what the platform needs. */
  readonly host: string | undefined;
}

/** Reads a container's settings and collects every fault, so that all are reported together. */
export class Settings {
  private readonly faults: string[] = [];

  /** @param environment the process's environment variables; an empty value counts as missing */
  constructor(private readonly environment: NodeJS.ProcessEnv) {}

  /** Records a fault that {@link throwIfInvalid} reports. */
  fault(message: string): void {
    this.faults.push(message);
  }

  /** The value of a variable, or undefined when it is missing or empty. */
  text(name: string): string | undefined {
    return this.environment[name] || undefined;
  }

  /** An integer from `min` to `max`. */
  integer<T extends number | undefined>(name: string, fallback: T, min: number, max: number): number | T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.fault(`${name} is "${text}". It must be an integer from ${min} to ${max}.`);
    return fallback;
  }

  /** One of a list of words. */
  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if ((values as readonly string[]).includes(text)) return text as T;
    this.fault(`${name} is "${text}". It must be one of ${values.join(', ')}.`);
    return fallback;
  }

  /** Port and address, as the platform and `bidi local` set them. */
  listenAddress(): ListenAddress {
    return {
      port: this.integer(BIND_TO_PORT_VARIABLE, CONTAINER_PORT, 0, 65_535),
      host: this.text(BIND_TO_HOST_VARIABLE),
    };
  }

  /** Accepts the arguments that the platform gives: none, or `serve`. */
  arguments(words: readonly string[]): void {
    if (words.length === 0 || (words.length === 1 && words[0] === SERVE_ARGUMENT)) return;
    this.fault(`Unknown argument "${words.join(' ')}". The only one is "${SERVE_ARGUMENT}".`);
  }

  /** @throws ConfigurationError when a setting is wrong */
  throwIfInvalid(): void {
    if (this.faults.length > 0) throw new ConfigurationError(this.faults);
  }
}

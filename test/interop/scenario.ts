import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CompletionState, DataType } from '../../lib/contract';

/** The one file of what every client plays and what each has to see. */
export const SCENARIOS_FILE = join(__dirname, 'scenarios.json');

/** One payload, sent or expected, or a pause. Byte `i` of a `pattern` is `i mod 251`. */
export interface ScenarioPart {
  readonly text?: string;
  readonly pattern?: number;
  /** A file, sent from this byte on in chunks of this size, with a pause after each. */
  readonly file?: string;
  readonly fromByte?: number;
  readonly chunkBytes?: number;
  readonly everyMs?: number;
  /** Pause before the payload, in milliseconds. */
  readonly pauseMs?: number;
  readonly dataType?: DataType;
  readonly completionState?: CompletionState;
  readonly times?: number;
}

export interface Scenario {
  readonly name: string;
  readonly request: {
    readonly endpoint: string;
    readonly variant?: string;
    readonly path?: string;
    readonly query?: string;
    readonly wrongSecret?: boolean;
    /** Whether the service that fails while streaming is meant. */
    readonly failingService?: boolean;
  };
  readonly send?: readonly ScenarioPart[];
  /** Who ends the stream: the client after so many events or when all is sent, or the server. */
  readonly end:
    | { readonly by: 'client'; readonly afterEvents: number }
    | { readonly by: 'client'; readonly afterSending: true }
    | { readonly by: 'server' };
  readonly expect: {
    readonly variant?: string;
    readonly received: readonly ScenarioPart[];
    readonly outcome: ExpectedOutcome;
    /** The outcome through `BidiSession` where it differs: a session refuses what is wrong before it sends. */
    readonly session?: ExpectedOutcome;
  };
}

type ExpectedOutcome = Partial<Outcome> & { readonly messageHolds?: readonly string[] };

/** How a stream ended, in the service model's words. */
export interface Outcome {
  readonly kind: 'ended' | 'timedOut' | 'error';
  readonly name?: string | null;
  readonly message?: string | null;
  readonly errorCode?: string | null;
  readonly status?: number | null;
  readonly originalStatusCode?: number | null;
}

/** What a client program prints for one scenario. */
export interface Observation {
  readonly scenario: string;
  readonly variant?: string | null;
  readonly received: readonly {
    readonly dataType?: string | null;
    readonly completionState?: string | null;
    readonly length: number;
    readonly sha256: string;
    /** The payload of a text event. */
    readonly text?: string | null;
  }[];
  readonly outcome: Outcome;
}

export function readScenarios(): Scenario[] {
  return JSON.parse(readFileSync(SCENARIOS_FILE, 'utf8')) as Scenario[];
}

/** @throws Error with every difference between what a client saw and what it had to see. */
export function assertObserved({ expect }: Scenario, seen: Observation | undefined, isSession = false): void {
  if (!seen) throw new Error('The client said nothing about it.');
  const { messageHolds = [], ...outcome } = (isSession ? expect.session : undefined) ?? expect.outcome;
  const differences = Object.entries(outcome)
    .filter(([field, value]) => seen.outcome[field as keyof Outcome] !== value)
    .map(([field, value]) => `${field} must be ${JSON.stringify(value)}`);
  for (const words of messageHolds) {
    if (!seen.outcome.message?.includes(words)) differences.push(`the message must hold ${JSON.stringify(words)}`);
  }
  if (differences.length > 0) differences.push(`the outcome was ${JSON.stringify(seen.outcome)}`);
  if ((seen.variant ?? undefined) !== expect.variant) {
    differences.push(`the variant must be ${expect.variant}, it was ${seen.variant}`);
  }
  const expected = expect.received.flatMap(part => Array.from({ length: part.times ?? 1 }, () => described(part)));
  if (seen.received.length !== expected.length) {
    differences.push(`${expected.length} events must come back, there were ${seen.received.length}`);
  } else {
    const first = expected.findIndex((part, index) => !isDeepStrictEqual(part, normalized(seen.received[index]!)));
    if (first >= 0) {
      differences.push(
        `event ${first} must be ${JSON.stringify(expected[first])}, it was ${JSON.stringify(seen.received[first])}`,
      );
    }
  }
  if (differences.length > 0) throw new Error(differences.join('\n'));
}

function payloadOf({ text, pattern }: ScenarioPart): Buffer {
  return text === undefined
    ? Buffer.from(Array.from({ length: pattern! }, (_, index) => index % 251))
    : Buffer.from(text);
}

/** A part as a client program describes it. */
function describePayload(payload: Uint8Array): { length: number; sha256: string } {
  return { length: payload.length, sha256: createHash('sha256').update(payload).digest('hex') };
}

function described(part: ScenarioPart): Observation['received'][number] {
  const { dataType, completionState } = part;
  return { dataType, completionState, ...describePayload(payloadOf(part)) };
}

function normalized(part: Observation['received'][number]): Observation['received'][number] {
  const { dataType, completionState, length, sha256 } = part;
  return { dataType, completionState, length, sha256 };
}

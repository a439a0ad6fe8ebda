import type { BehaviourName, Behaviours } from './unsettled';
import { UNSETTLED } from './unsettled';

/** How a row of a fidelity run ended. A row that is `unsettled` reports what it saw and cannot fail. */
export type FidelityVerdict = 'agrees' | 'differs' | 'unsettled' | 'failed' | 'skipped';

/** One probe, and what the endpoint did. */
export interface FidelityRow {
  /** Name of the probe. */
  readonly probe: string;
  /** What the contract says that an endpoint does; of an unsettled behaviour, the value that the kit takes. */
  readonly expected: string;
  /** What the endpoint did; absent where the probe was skipped or failed. */
  readonly observed?: string;
  readonly verdict: FidelityVerdict;
  /** Why the probe was skipped or failed. */
  readonly reason?: string;
  /** The unsettled behaviour that the probe asks about. */
  readonly behaviour?: BehaviourName;
}

/** What `bidi fidelity` writes: how one endpoint behaved on one day. It holds no account, no name of an endpoint and no payload. */
export interface FidelityRecord {
  readonly format: typeof FIDELITY_FORMAT;
  /** Whether it was AWS or a local SageMaker that answered. */
  readonly where: 'aws' | 'local';
  readonly region: string;
  /** When the run ended, ISO 8601. */
  readonly date: string;
  /** Versions by name: `kit`, `api`, `node`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly FidelityRow[];
}

/** Version of the format of {@link FidelityRecord}. */
export const FIDELITY_FORMAT = 1;

/**
 * Reads what `bidi fidelity` wrote.
 *
 * @throws SyntaxError when the text is no such record
 */
export function parseFidelityRecord(text: string): FidelityRecord {
  const record = JSON.parse(text) as Partial<FidelityRecord> | null;
  if (record?.format !== FIDELITY_FORMAT || !Array.isArray(record.rows)) {
    throw new SyntaxError(`It is not a record of bidi fidelity in format ${FIDELITY_FORMAT}.`);
  }
  return record as FidelityRecord;
}

/** The values of the unsettled behaviours that an endpoint showed. What fits no known value is left out. */
export function observedBehaviours({ rows }: FidelityRecord): Behaviours {
  const observed = rows.flatMap(({ behaviour, observed: value }): [string, string][] => {
    if (behaviour === undefined || value === undefined || !Object.hasOwn(UNSETTLED, behaviour)) return [];
    return Object.hasOwn(UNSETTLED[behaviour].values, value) ? [[behaviour, value]] : [];
  });
  return Object.fromEntries(observed) as Behaviours;
}

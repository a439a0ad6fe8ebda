/** A message of a page: each asks for one thing. */
export type PageMessage =
  /** The session whose steps the page shows, or none. */
  | { readonly follow: string | null }
  /** The faults of the streams that open from now on. */
  | { readonly faults: readonly string[] }
  /** The clock of the streams that open from now on. */
  | { readonly clockScale: number }
  /** A fault for one open stream. */
  | { readonly inject: { readonly requestId: string; readonly fault: string } };

/** Faults that may be chosen at once. */
const FAULTS_LIMIT = 16;

/** @returns undefined for everything that is no message of a page. @throws SyntaxError for what is no JSON */
export function readPageMessage(text: string): PageMessage | undefined {
  const message: unknown = JSON.parse(text);
  if (!isRecord(message) || Object.keys(message).length !== 1) return undefined;
  const { follow, faults, clockScale, inject } = message;
  if (follow === null || typeof follow === 'string') return { follow };
  if (Array.isArray(faults) && faults.length <= FAULTS_LIMIT && faults.every(isString)) return { faults };
  if (typeof clockScale === 'number') return { clockScale };
  if (isRecord(inject) && isString(inject.requestId) && isString(inject.fault)) {
    return { inject: { requestId: inject.requestId, fault: inject.fault } };
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

import type { ControlPlane } from '../aws';
import { explainFailure, type FailureCause, type FailureEvidence, type Fix, fillFix } from '../failures';
import { readEndpointLog } from './endpoint-log';

/** A failure with its reason, its log and its probable causes. */
export interface FailureDiagnosis {
  /** The reason, in the platform's words. */
  readonly reason?: string;
  /** Whether a container ever wrote a line; absent when the log could not be read or is gone. */
  readonly logExists?: boolean;
  /** Last lines of the log, oldest first. */
  readonly logLines: readonly string[];
  /** Causes that fit, the most specific first. */
  readonly causes: readonly (Pick<FailureCause, 'name' | 'title' | 'cause' | 'source'> & {
    readonly fixes: readonly Fix[];
  })[];
}

/** Reads the log of a failure and explains the failure. `since` leaves out the log of earlier deployments. */
export async function diagnose(
  plane: ControlPlane,
  names: { endpointName?: string; stack?: string; region?: string; instanceType?: string },
  known: FailureEvidence & { readonly since?: Date; readonly rolledBack?: boolean },
): Promise<FailureDiagnosis> {
  const log =
    names.endpointName === undefined ? undefined : await readEndpointLog(plane, names.endpointName, known.since);
  const read = log?.kind === 'answered' ? log.value : undefined;
  const evidence: FailureEvidence = {
    reason: known.reason,
    elapsedSeconds: known.elapsedSeconds,
    downloadTimeoutSeconds: known.downloadTimeoutSeconds,
    // A stack that was rolled back deleted its log group, so a missing group proves nothing then.
    logExists: read && (read.groupExists || !known.rolledBack) ? read.streams > 0 : undefined,
    logLines: read?.lines ?? [],
  };
  return {
    reason: evidence.reason,
    logExists: evidence.logExists,
    logLines: evidence.logLines ?? [],
    causes: explainFailure(evidence).map(({ name, title, cause, source, fixes }) => ({
      name,
      title,
      cause,
      source,
      fixes: fixes.map(fix => fillFix(fix, { ...names, endpoint: names.endpointName })),
    })),
  };
}

import type { FailureCause, FailureEvidence, Symptom } from './cause';
import { FAILURE_CAUSES } from './table';

/**
 * The causes that the evidence points to, the most specific first. Empty when nothing in the table fits.
 *
 * The table is ordered from what a line of text proves to what only the absence of a log suggests, so the first is the one to act on.
 */
export function explainFailure(evidence: FailureEvidence): FailureCause[] {
  return FAILURE_CAUSES.filter(cause => cause.symptoms.some(symptom => shows(symptom, evidence)));
}

function shows(symptom: Symptom, evidence: FailureEvidence): boolean {
  if (symptom.reason && !symptom.reason.test(evidence.reason ?? '')) return false;
  if (symptom.log && !evidence.logLines?.some(line => symptom.log!.test(line))) return false;
  if (symptom.logExists !== undefined && symptom.logExists !== evidence.logExists) return false;
  if (symptom.outlastsDownload) {
    if (evidence.elapsedSeconds === undefined || evidence.downloadTimeoutSeconds === undefined) return false;
    if (evidence.elapsedSeconds < evidence.downloadTimeoutSeconds) return false;
  }
  return true;
}

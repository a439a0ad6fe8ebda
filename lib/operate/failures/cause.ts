/** The evidence about a failed deployment or a failed stream. An absent field is not known; it does not mean "no". */
export interface FailureEvidence {
  /** `FailureReason` of the endpoint, the reason of a CloudFormation event, or the message of an error. */
  readonly reason?: string;
  /** Last lines of the endpoint's log, oldest first. */
  readonly logLines?: readonly string[];
  /** Whether the endpoint's log group holds a stream of an instance: an empty group tells as much as none. */
  readonly logExists?: boolean;
  /** Time from the start of the deployment to its failure, in seconds. */
  readonly elapsedSeconds?: number;
  /** `ModelDataDownloadTimeoutInSeconds` of the variant, in seconds. */
  readonly downloadTimeoutSeconds?: number;
}

/** One way in which a cause shows. Every condition that is given has to hold. */
export interface Symptom {
  /** Found in {@link FailureEvidence.reason}. */
  readonly reason?: RegExp;
  /** Found in one of {@link FailureEvidence.logLines}. */
  readonly log?: RegExp;
  /** Equals {@link FailureEvidence.logExists}. */
  readonly logExists?: boolean;
  /** The deployment took at least its download timeout. */
  readonly outlastsDownload?: boolean;
  /** How it reads when it happens, for the runbook; recognised as this symptom by a test. */
  readonly example: FailureEvidence;
}

/** A fix of a cause. `<endpoint>`, `<region>`, `<instance-type>` and `<stack>` stand for the names at hand. */
export interface Fix {
  /** The fix in one sentence. */
  readonly text: string;
  /** The command that applies the fix, or shows the state. */
  readonly command?: string;
  /** The line of CDK that fixes it: a property of the construct that is named in the text. */
  readonly cdk?: string;
}

/** A known cause of a failure. */
export interface FailureCause {
  /** Stable name in kebab case. */
  readonly name: string;
  /** The cause as a headline. */
  readonly title: string;
  /** Whether the deployment fails, or streams of an endpoint in service fail. */
  readonly phase: 'deployment' | 'stream';
  /** Symptoms; one of them is enough. */
  readonly symptoms: readonly Symptom[];
  /** Why it happens. */
  readonly cause: string;
  readonly fixes: readonly Fix[];
  /** The document that says so, or "measured by operators". */
  readonly source: string;
}

/** The names that a {@link Fix} is filled with. */
export interface FixNames {
  readonly endpoint?: string;
  readonly region?: string;
  readonly instanceType?: string;
  readonly stack?: string;
}

/** A fix with its placeholders filled; a name that is not known stays a placeholder. */
export function fillFix(fix: Fix, names: FixNames): Fix {
  const values: Readonly<Record<string, string | undefined>> = {
    endpoint: names.endpoint,
    region: names.region,
    'instance-type': names.instanceType,
    stack: names.stack,
  };
  const fill = (text: string) => text.replace(/<([a-z-]+)>/g, (whole, key: string) => values[key] ?? whole);
  const fillCode = (code: string) => poolOfDistinctTypes(fill(code));
  return {
    text: fill(fix.text),
    ...(fix.command !== undefined && { command: fillCode(fix.command) }),
    ...(fix.cdk !== undefined && { cdk: fillCode(fix.cdk) }),
  };
}

/** A pool names each type once: a type that was filled in may be one of those that the fix proposes. */
function poolOfDistinctTypes(code: string): string {
  const distinct = (types: string) => [...new Set(types.split(/, ?/))];
  return code
    .replace(/(?<=instanceTypes=)\S+/, types => distinct(types).join(','))
    .replace(/(?<=instanceTypes: \[)[^\]]+/, types => distinct(types).join(', '));
}

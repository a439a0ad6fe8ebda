import { InvalidLocalOptionsError } from '../local-errors';

/** When in the life of a session a fault happens: while it opens, after its first event, or when the client ends its input. */
export const INJECTED_FAULT_PHASES = ['opening', 'streaming', 'closing'] as const;
/** When a fault happens: while a stream opens, after the first event of the client, or when the client ends its input. */
export type InjectedFaultPhase = (typeof INJECTED_FAULT_PHASES)[number];

/** The effect of an injected fault, its phases and its value. */
export interface InjectedFaultDefinition {
  /** The effect in words. */
  readonly summary: string;
  /** Phases in which the platform can show it; the first is the default. */
  readonly phases: readonly InjectedFaultPhase[];
  /** The meaning and the default of the value. Absent: the fault takes none. */
  readonly value?: {
    /** The meaning of the value, with its unit. */
    readonly meaning: string;
    /** The default of the value. */
    readonly default: number;
  };
}

const KINDS = {
  /** The value is how long. Over 250 ms, the platform's limit, the open fails with HTTP 424 `ModelError`. */
  'accept-delay': {
    summary: 'the container takes its time to accept the socket',
    phases: ['opening'],
    value: { meaning: 'milliseconds', default: 300 },
  },
  /** HTTP 424 `ModelError` with the value as `OriginalStatusCode`. */
  refuse: {
    summary: 'the container refuses the upgrade',
    phases: ['opening'],
    value: { meaning: 'HTTP status', default: 503 },
  },
  /** HTTP 400 `ThrottlingException`. */
  throttling: { summary: 'the platform asks to slow down', phases: ['opening'] },
  /** HTTP 503 `ServiceUnavailableError`. */
  unavailable: { summary: 'the endpoint is not in service', phases: ['opening'] },
  /** HTTP 500 `InternalServerError` while opening, else `InternalStreamFailure` on the stream. */
  'internal-failure': {
    summary: 'the platform itself fails',
    phases: ['streaming', 'opening', 'closing'],
  },
  /** SIGKILL: HTTP 424 `ModelError` while opening, else `ModelStreamError`. Every session of the container is gone. */
  crash: { summary: 'the container is killed', phases: ['streaming', 'opening', 'closing'] },
  /** The value is the close code. `ModelStreamError`, unless 1000 or 1005 after the client has ended its input. */
  close: {
    summary: 'the container closes the WebSocket',
    phases: ['streaming', 'closing'],
    value: { meaning: 'close code', default: 1011 },
  },
  /** A frame with the reserved opcode 3: `ModelStreamError`. */
  'bad-frame': {
    summary: 'the container sends a frame that RFC 6455 does not allow',
    phases: ['streaming', 'closing'],
  },
  /** RST_STREAM alone, without an error event and without the end of the response. */
  reset: { summary: 'the HTTP/2 stream is reset', phases: ['streaming', 'opening', 'closing'] },
  /** A TCP reset: every stream of the connection is gone. */
  'connection-reset': {
    summary: 'the network cuts the connection, with every stream on it',
    phases: ['streaming', 'opening', 'closing'],
  },
  /** `ModelStreamError` after 5 pings in a row, a minute apart: the platform's tolerance. */
  'ping-silence': { summary: 'the container answers no ping', phases: ['streaming'] },
  /** The value is the container's speed. Flow control then slows the client down to it. */
  'slow-reader': {
    summary: 'the container reads slowly',
    phases: ['streaming'],
    value: { meaning: 'bytes a second', default: 16_000 },
  },
} as const satisfies Readonly<Record<string, InjectedFaultDefinition>>;

/** The kind of an injected fault: a key of {@link INJECTED_FAULT_KINDS}. */
export type InjectedFaultKind = keyof typeof KINDS;

/** The kinds of faults that can be injected, all of which operators have met or fear. */
export const INJECTED_FAULT_KINDS: Readonly<Record<InjectedFaultKind, InjectedFaultDefinition>> = KINDS;

/** One fault to inject. */
export interface InjectedFault {
  /** The kind of the fault. */
  readonly kind: InjectedFaultKind;
  /** When it happens: one of the phases that {@link INJECTED_FAULT_KINDS} has for the kind. */
  readonly phase: InjectedFaultPhase;
  /** As {@link INJECTED_FAULT_KINDS} says for the kind. */
  readonly value: number;
  /**
   * The fault hits one session in so many, the first of them included.
   *
   * @default 1 - every session
   */
  readonly every?: number;
}

/**
 * Reads a fault from its word: `KIND[@PHASE][=VALUE][/EVERY]`, such as `crash`, `internal-failure@closing`, `accept-delay=400` or
 * `throttling/10` for one session in ten.
 *
 * @throws InvalidLocalOptionsError
 */
export function parseInjectedFault(text: string): InjectedFault {
  const match = /^([a-z-]+)(?:@([a-z]+))?(?:=(\d+))?(?:\/(\d+))?$/.exec(text.trim());
  const kind = match?.[1];
  if (!match || kind === undefined || !Object.hasOwn(INJECTED_FAULT_KINDS, kind)) {
    throw invalidFault(
      `"${text}" is no fault that can be injected.`,
      `A fault is KIND[@PHASE][=VALUE][/EVERY]; the kinds are ${Object.keys(INJECTED_FAULT_KINDS).join(', ')}.`,
    );
  }
  const definition: InjectedFaultDefinition = INJECTED_FAULT_KINDS[kind as InjectedFaultKind];
  const phase = (match[2] ?? definition.phases[0]) as InjectedFaultPhase;
  if (!definition.phases.includes(phase)) {
    throw invalidFault(
      `The fault ${kind} cannot happen in the phase "${phase}".`,
      `The platform shows it while ${definition.phases.join(' or ')}.`,
    );
  }
  if (match[3] !== undefined && !definition.value) {
    throw invalidFault(`The fault ${kind} takes no value.`, `It is written ${kind}@${phase}.`);
  }
  const every = match[4] === undefined ? undefined : Number(match[4]);
  if (every === 0)
    throw invalidFault(`The fault ${text} would hit no session.`, 'One session in so many is at least one.');
  return {
    kind: kind as InjectedFaultKind,
    phase,
    value: Number(match[3] ?? definition.value?.default ?? 0),
    ...(every === undefined ? {} : { every }),
  };
}

/** The word of a fault, as {@link parseInjectedFault} reads it. */
export function injectedFaultWord({ kind, phase, value, every }: InjectedFault): string {
  const { value: definition }: InjectedFaultDefinition = INJECTED_FAULT_KINDS[kind];
  return `${kind}@${phase}${definition ? `=${value}` : ''}${every === undefined ? '' : `/${every}`}`;
}

/** Decides which faults hit which session. */
export class InjectedFaultPlan {
  private sessions = 0;

  /** @param faults those of the sessions that open from now on; may be replaced at any time. */
  constructor(public faults: readonly InjectedFault[]) {}

  /** The faults of the session that opens now. */
  next(): readonly InjectedFault[] {
    const number = this.sessions;
    this.sessions += 1;
    return this.faults.filter(fault => number % (fault.every ?? 1) === 0);
  }
}

function invalidFault(what: string, why: string): InvalidLocalOptionsError {
  return new InvalidLocalOptionsError({ what, why, next: 'See bidi local --help for the list.' });
}

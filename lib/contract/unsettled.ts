/**
 * Behaviours of the platform on which the public sources disagree, or of which they say nothing.
 *
 * Each has the evidence for every side, the side that this kit takes until it is settled, and the probe that settles it.
 * docs/local.md shows them as a table, which a test holds to this file.
 */

/** One way in which the platform may behave. */
export interface BehaviourValue {
  /** The behaviour. */
  readonly meaning: string;
  /** The evidence for it, with the source; empty where there is none and the value exists to be tried. */
  readonly evidence: readonly string[];
}

/** A behaviour that no public source settles. */
export interface UnsettledBehaviour {
  /** The question. */
  readonly question: string;
  /** The ways in which the platform may behave, by name. */
  readonly values: Readonly<Record<string, BehaviourValue>>;
  /** Name of the value that this kit takes until the question is settled. */
  readonly default: string;
  /** Why the kit takes that value. */
  readonly reason: string;
  /** The experiment in AWS that settles it. */
  readonly probe: string;
  /**
   * The part that simulates it on this machine: the local SageMaker, the simulator of a Marketplace package, or none.
   */
  readonly simulatedBy: 'local' | 'stand-in' | undefined;
  /** What runs the probe: `bidi fidelity`, `npm run acceptance`, or a person when the probe needs a deployment of its own. */
  readonly settledBy: 'fidelity' | 'acceptance' | 'person';
}

const DEVELOPER_GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';

/** The behaviours, by name. */
export const UNSETTLED = {
  'close-1000-before-input-end': {
    question: 'What does the client see when the container closes with 1000 while the input is still open?',
    values: {
      'orderly-end': {
        meaning: 'the response stream ends without an error',
        evidence: [
          "Deepgram's live end-to-end runs against SageMaker require zero errors after CloseStream (deepgram-devs/dg-sagemaker)",
        ],
      },
      'model-stream-error': {
        meaning: '`ModelStreamError` with the code 1000',
        evidence: [
          `A close frame of the container reaches the client as an error (${DEVELOPER_GUIDE})`,
          'Public clients treat an error after their close message as a normal end',
        ],
      },
    },
    default: 'orderly-end',
    reason: 'It was measured against live endpoints; the guide describes close frames in general.',
    probe:
      'Send a message on which the container closes with 1000, keep the input open, and read the response to its end.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  'output-after-input-end': {
    question: 'Does output that the container sends after the end of the input still arrive?',
    values: {
      delivered: {
        meaning: 'everything up to the close frame of the container arrives, for up to 60 s',
        evidence: ['An end of the input that the container answers with 1000 was measured as an orderly end'],
      },
      lost: {
        meaning: 'the response ends with the input; later output of the container is lost',
        evidence: [
          'dg-sagemaker changed its scripts to keep the input open until the response has ended, because last words were lost',
        ],
      },
    },
    default: 'delivered',
    reason: 'A half-close that cuts the answer would be useless. The kit still keeps the input open where it can.',
    probe: 'Send a message that the container answers a second later, and end the input at once.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  fragments: {
    question: 'Does a message in several parts reach the other side in the same parts?',
    values: {
      passed: {
        meaning: 'one event is one frame, both ways',
        evidence: [DEVELOPER_GUIDE, "The beta contract in Deepgram's SDK"],
      },
      reassembled: {
        meaning: 'the parts of a message are joined to one frame, or one event, before they are passed on',
        evidence: ["Comments in the tests of AWS's Deep Learning Containers"],
      },
    },
    default: 'passed',
    reason: 'The developer guide describes it frame by frame.',
    probe:
      'Send PARTIAL and COMPLETE parts to a container that reports the frames it received; let it answer in fragments.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  'control-message-type': {
    question:
      'Does the container accept a control message (`CloseStream`, `KeepAlive`) that comes as BINARY or without a `DataType`?',
    values: {
      audio: {
        meaning: 'no: all bytes are audio',
        evidence: ["Deepgram's API reference tells audio and control messages apart by the type of the frame"],
      },
      sniffed: {
        meaning: 'yes: bytes that are a JSON control message are a control message',
        evidence: [
          'Operators say that the container recognises them',
          'A comment in the Java load test of dg-sagemaker calls it a deprecated fallback that logs a warning',
        ],
      },
    },
    default: 'audio',
    reason: 'A client that works with it works with both.',
    probe: 'Send {"type":"CloseStream"} as BINARY to the Marketplace container and see whether the stream ends.',
    simulatedBy: 'stand-in',
    settledBy: 'fidelity',
  },
  'session-limit': {
    question: 'How does a stream end when it is 30 minutes old?',
    values: {
      'time-exceeded': {
        meaning: '`ModelStreamError` with `ErrorCode` `ModelInvocationTimeExceeded`',
        evidence: ['The code of InvokeEndpointWithResponseStream for the same case (API reference, `ResponseStream`)'],
      },
      'stream-broken': { meaning: '`ModelStreamError` with `ErrorCode` `StreamBroken`', evidence: [] },
      'close-code': {
        meaning: '`ModelStreamError` with the close code 1001 that the platform sends to the container',
        evidence: [
          'The end of a WebSocket reaches the client as ModelStreamError with the close code (developer guide)',
        ],
      },
      'internal-stream-failure': { meaning: '`InternalStreamFailure`', evidence: [] },
      'stream-reset': { meaning: 'RST_STREAM without an event', evidence: [] },
      'orderly-end': { meaning: 'the response stream ends without an error', evidence: [] },
    },
    default: 'time-exceeded',
    reason: 'It is the only code that an API reference has for a stream that took too long.',
    probe: 'Keep one stream busy for 31 minutes and record the last event.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  'idle-timeout': {
    question: 'Does the platform end a stream on which no event passes, except pings?',
    values: {
      none: {
        meaning: 'no: pings keep it open',
        evidence: [`The ping every 60 s is the only timer that is documented for a quiet stream (${DEVELOPER_GUIDE})`],
      },
      '60-seconds': {
        meaning: 'RST_STREAM after 60 s',
        evidence: ["Default idle timeout of AWS's HTTP load balancers"],
      },
      '350-seconds': {
        meaning: 'RST_STREAM after 350 s',
        evidence: ["Default idle timeout of AWS's network load balancers and interface endpoints"],
      },
    },
    default: 'none',
    reason: 'No source names a limit for quiet streams.',
    probe: 'Open a stream to an echo, send nothing for 10 minutes, then send one message.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  'largest-event': {
    question: 'How large may the payload of one event be?',
    values: {
      '24-mib': {
        meaning: '24 MiB',
        evidence: ['What the decoders of the AWS SDKs accept (botocore, `eventstream.py`)'],
      },
      '1-mib': {
        meaning: '1 MiB; a larger one ends the stream with `ValidationException`',
        evidence: ['Samples of the announcement send 512 KB at most'],
      },
    },
    default: '24-mib',
    reason: 'A client cannot send a larger one.',
    probe: 'Send events of 1, 2, 4 … 24 MiB to an echo until one is refused.',
    simulatedBy: 'local',
    settledBy: 'fidelity',
  },
  'port-443': {
    question: 'What happens on port 443 instead of 8443?',
    values: {
      hangs: { meaning: 'the connection opens and no answer comes', evidence: ['Measured by operators'] },
      refused: { meaning: 'the request is refused with an error', evidence: [] },
    },
    default: 'hangs',
    reason: 'It was measured. Every open of the client has a deadline.',
    probe: 'Open a stream to port 443 of the runtime host and wait five minutes.',
    simulatedBy: undefined,
    settledBy: 'fidelity',
  },
  'private-link-8443': {
    question: 'Does the interface endpoint `sagemaker.runtime` carry port 8443?',
    values: {
      yes: { meaning: 'streams work through it', evidence: ['A public application opens 443 and 8443 on it'] },
      no: { meaning: 'streams need a way to the public host', evidence: ['No page of AWS says that it does'] },
    },
    default: 'yes',
    reason: 'An application in the field relies on it.',
    probe: 'Open a stream from a subnet without a route to the internet.',
    simulatedBy: undefined,
    settledBy: 'fidelity',
  },
  'scale-in-open-streams': {
    question: 'What happens to open streams on an instance that scale-in removes?',
    values: {
      cut: {
        meaning: 'SIGTERM at once, SIGKILL 30 s later',
        evidence: ['The stop of containers in the developer guide'],
      },
      drained: { meaning: 'they may finish first', evidence: ['The old fleet of a blue/green update waits'] },
    },
    default: 'cut',
    reason: 'The guide promises no wait. A client that resumes works with both.',
    probe: 'Hold streams on two instances, scale in to one, and record when each stream ends.',
    simulatedBy: undefined,
    settledBy: 'acceptance',
  },
  'inference-ami-version': {
    question: 'Do current Deepgram packages need a pinned `InferenceAmiVersion`?',
    values: {
      needed: {
        meaning: 'without it the container refuses the older driver',
        evidence: ["Deepgram's deployment page"],
      },
      'not-needed': { meaning: 'the platform picks one that fits', evidence: [] },
    },
    default: 'needed',
    reason: 'The pin does no harm when it is not needed.',
    probe: 'Deploy the same package with and without it on a g5 instance.',
    simulatedBy: undefined,
    settledBy: 'person',
  },
  'repository-access-vpc': {
    question: 'Does `RepositoryAccessMode: Vpc` work with images of public registries?',
    values: {
      no: {
        meaning: 'only with a private registry inside the VPC',
        evidence: ['The API reference names private registries'],
      },
      yes: { meaning: 'public images are pulled through the VPC', evidence: [] },
    },
    default: 'no',
    reason: 'The API reference names private registries only.',
    probe: 'Create a model with a public image and the mode Vpc.',
    simulatedBy: undefined,
    settledBy: 'person',
  },
  'retain-all-variant-properties-at-creation': {
    question: 'Is `RetainAllVariantProperties` accepted when an endpoint is created?',
    values: {
      accepted: {
        meaning: 'it is ignored until the first update',
        evidence: ['CloudFormation lists it without a condition'],
      },
      refused: { meaning: 'the creation fails', evidence: ['The API has it on UpdateEndpoint only'] },
    },
    default: 'accepted',
    reason: 'CloudFormation sends it with the update that it belongs to.',
    probe: 'Create a stack whose endpoint has it set.',
    simulatedBy: undefined,
    settledBy: 'acceptance',
  },
  'inference-components': {
    question: 'Can a stream be opened to an inference component?',
    values: {
      no: {
        meaning: 'the operation has no member to name one',
        evidence: ['API model `sagemaker-runtime-http2`, 2025-10-01'],
      },
      yes: { meaning: 'an endpoint with one component routes to it', evidence: [] },
    },
    default: 'no',
    reason: 'A request cannot choose what it cannot name.',
    probe: 'Open a stream to an endpoint that hosts one inference component.',
    simulatedBy: undefined,
    settledBy: 'person',
  },
} as const satisfies Readonly<Record<string, UnsettledBehaviour>>;

/** Name of an unsettled behaviour. */
export type BehaviourName = keyof typeof UNSETTLED;

/** The value of each behaviour that is simulated; a behaviour that is not named has its default. */
export type Behaviours = {
  readonly [Name in BehaviourName]?: keyof (typeof UNSETTLED)[Name]['values'];
};

/** {@link Behaviours} with the defaults filled in. */
export function completeBehaviours(chosen: Behaviours = {}): Required<Behaviours> {
  const defaults = Object.fromEntries(Object.entries(UNSETTLED).map(([name, behaviour]) => [name, behaviour.default]));
  return { ...(defaults as Required<Behaviours>), ...chosen };
}

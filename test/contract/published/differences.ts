/** A value about which AWS's own publications disagree, or which the kit holds on purpose unlike one of them. */
export interface Difference {
  /** What differs; the name of the comparison in published.test.ts. */
  readonly subject: string;
  /** What the kit holds. */
  readonly kit: unknown;
  /** What each source says, by its name. */
  readonly sources: Readonly<Record<string, unknown>>;
  /** The source that the kit follows. */
  readonly follows: string;
  /** Why. */
  readonly why: string;
}

/** Names of the sources, as the table in docs/verification.md prints them. */
export const PublishedSource = {
  STREAMING: 'API model sagemaker-runtime-http2',
  BOTOCORE: 'API model sagemaker (botocore)',
  SDK: 'AWS SDK for JavaScript',
  CLOUDFORMATION: 'CloudFormation resource schema',
  DOCUMENTATION: 'CloudFormation resource documentation',
} as const;

/** Every known difference. A comparison that finds another one fails, and so does a line here that is no longer true. */
export const DIFFERENCES: readonly Difference[] = [
  {
    subject: 'pattern of an endpoint name',
    kit: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
    sources: {
      [PublishedSource.STREAMING]: '^[a-zA-Z0-9](-*[a-zA-Z0-9])*',
      [PublishedSource.BOTOCORE]: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
      [PublishedSource.CLOUDFORMATION]: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
    },
    follows: PublishedSource.BOTOCORE,
    why: 'The streaming model does not anchor the end of its pattern. An endpoint with another name cannot be created, so a stream to it cannot open.',
  },
  {
    subject: 'pattern of a variant name',
    kit: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
    sources: {
      [PublishedSource.STREAMING]: '^[a-zA-Z0-9](-*[a-zA-Z0-9])*',
      [PublishedSource.BOTOCORE]: '^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$',
    },
    follows: PublishedSource.BOTOCORE,
    why: 'As for the endpoint name.',
  },
  {
    subject: 'least characters of an endpoint name',
    kit: 1,
    sources: { [PublishedSource.BOTOCORE]: 0, [PublishedSource.CLOUDFORMATION]: 1 },
    follows: 'CloudFormation resource schema',
    why: 'The pattern of both needs one character, so the minimum of 0 cannot be reached.',
  },
  {
    subject: 'most characters of an endpoint name',
    kit: 63,
    sources: {
      [PublishedSource.BOTOCORE]: 63,
      [PublishedSource.STREAMING]: 63,
      [PublishedSource.CLOUDFORMATION]: 64,
    },
    follows: 'the API models',
    why: "The schema's own pattern ends at 63 characters.",
  },
  {
    subject: 'routing strategies',
    kit: ['LEAST_OUTSTANDING_REQUESTS', 'RANDOM'],
    sources: {
      [PublishedSource.SDK]: ['LEAST_OUTSTANDING_REQUESTS', 'PREFIX_AWARE', 'RANDOM'],
    },
    follows: 'none',
    why: 'The other strategies route by the prompt of a single request, which a stream does not have.',
  },
  {
    subject: 'partitions',
    kit: ['aws', 'aws-cn', 'aws-eusc', 'aws-iso', 'aws-iso-b', 'aws-iso-f', 'aws-us-gov'],
    sources: {
      [PublishedSource.STREAMING]: ['aws', 'aws-cn', 'aws-eusc', 'aws-iso', 'aws-iso-b', 'aws-iso-f', 'aws-us-gov'],
      [PublishedSource.SDK]: [
        'aws',
        'aws-cn',
        'aws-eusc',
        'aws-iso',
        'aws-iso-b',
        'aws-iso-e',
        'aws-iso-f',
        'aws-us-gov',
      ],
    },
    follows: PublishedSource.STREAMING,
    why: 'The endpoint rules of the streaming operation name port 8443 for these partitions only; for aws-iso-e they give a host without it.',
  },
  {
    subject: 'least percent of a canary step',
    kit: 1,
    sources: { [PublishedSource.DOCUMENTATION]: undefined, [PublishedSource.BOTOCORE]: 1 },
    follows: PublishedSource.BOTOCORE,
    why: 'The documentation gives the canary a maximum only; the API model lets every capacity begin at 1.',
  },
];

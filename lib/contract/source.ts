/** The documents that rules of the platform come from, in the words in which reports cite them. */
export const Source = {
  /** Section "Container contract to support bidirectional streaming capabilities". */
  DEVELOPER_GUIDE: 'SageMaker AI developer guide, container contract for bidirectional streaming',
  /** Page "Custom inference code with hosting services". */
  HOSTING_GUIDE: 'SageMaker AI developer guide, custom inference code with hosting services',
  /** Operators' notes: measured on real endpoints, not documented. */
  OPERATORS: 'measured by operators',
  /** No rule of the platform: what this kit recommends. */
  ADVICE: 'advice of this kit',
} as const;

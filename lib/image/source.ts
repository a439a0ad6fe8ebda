/** The sources of the rules. */
export const Source = {
  DEVELOPER_GUIDE: 'SageMaker AI developer guide, container contract for bidirectional streaming',
  HOSTING_GUIDE: 'SageMaker AI developer guide, custom inference code with hosting services',
  OPERATORS: 'measured by operators',
  ADVICE: 'advice of this kit',
} as const;

import type { ContractRow } from './probe';

/** Rows that no stream can show, because they are about an endpoint that is created, updated, scaled or stopped: `npm run acceptance` observes them. */
export const DEPLOYMENT_ROWS = [
  {
    name: 'update-keeps-streams',
    area: 'deployment',
    rule: 'An update cuts no open stream: the old instances wait for them.',
    source: 'developer guide, "Deployment guardrails for updating models in production"',
    expected: 'none cut',
  },
  {
    name: 'stopped-with-sigterm',
    area: 'deployment',
    rule: 'A container is stopped by SIGTERM, and by SIGKILL 30 s later at the earliest.',
    source: 'developer guide, "Custom inference code with hosting services"',
    expected: 'SIGTERM, and time to end',
  },
  {
    name: 'scale-in-open-streams',
    area: 'deployment',
    rule: 'Open streams on an instance that scale-in removes are cut.',
    source: 'developer guide, "Custom inference code with hosting services"',
    expected: 'cut',
    behaviour: 'scale-in-open-streams',
  },
  {
    name: 'retain-all-variant-properties-at-creation',
    area: 'deployment',
    rule: 'RetainAllVariantProperties is accepted when an endpoint is created.',
    source: 'CloudFormation, `AWS::SageMaker::Endpoint`',
    expected: 'accepted',
    behaviour: 'retain-all-variant-properties-at-creation',
  },
] as const satisfies readonly ContractRow[];

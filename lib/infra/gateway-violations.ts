import { Token } from 'aws-cdk-lib';
import { originViolation, routeViolations } from '../contract';
import type { BidiGatewayServiceProps } from './bidi-gateway-service-props';
import { durationViolation, numberViolation, type Violation } from './violations';

/** CPU of a Fargate task that one process can use, in units of 1/1024. */
const CPU_UNITS = [256, 512, 1024];

/** Tasks that a service may have: the quota of Amazon ECS is 5000, and nothing here has been tried at such a size. */
const TASKS = { min: 1, max: 1_000 };

/** The violations in the properties of a gateway's service. */
export function gatewayViolations(props: BidiGatewayServiceProps, region: string): Violation[] {
  const { minTasks = 2, maxTasks = 10, cpu = 1024, allowedOrigins = [] } = props;
  return [
    ...reachViolations(props, region),
    ...networkViolations(props),
    ...routesViolations(props),
    ...allowedOrigins.map(originViolation),
    Token.isUnresolved(cpu) || CPU_UNITS.includes(cpu)
      ? undefined
      : `cpu is ${cpu}; it must be one of ${CPU_UNITS.join(', ')}: the gateway is one process, which uses one virtual CPU at most.`,
    numberViolation('minTasks', minTasks, TASKS),
    numberViolation('maxTasks', maxTasks, TASKS),
    maxTasks < minTasks ? `maxTasks is ${maxTasks} and minTasks ${minTasks}; it must not be less.` : undefined,
    Token.isUnresolved(props.sessionsPerTask)
      ? 'sessionsPerTask is known at deployment only (a token); limits and alarms are computed from it, so give it as a value.'
      : numberViolation('sessionsPerTask', props.sessionsPerTask, { min: 1, max: 500 }),
    durationViolation('idleTimeout', props.idleTimeout, { min: 1, max: 1_800 }),
  ];
}

/** The violations in how clients reach the load balancer, and in its certificate. */
function reachViolations(props: BidiGatewayServiceProps, region: string): Violation[] {
  const { publicLoadBalancer, certificate, domainName, domainZone } = props;
  return [
    typeof publicLoadBalancer === 'boolean'
      ? undefined
      : 'publicLoadBalancer is not given; say true for a gateway that the internet reaches, or false for one of the VPC alone.',
    publicLoadBalancer && !certificate
      ? 'publicLoadBalancer is true and there is no certificate: tokens and audio would cross the internet as they are. Give the ARN of one in AWS Certificate Manager.'
      : undefined,
    certificate && domainName === undefined
      ? 'certificate is given and domainName is not: no certificate names the load balancer itself, so every client would refuse it.'
      : undefined,
    domainZone && domainName === undefined
      ? 'domainZone is given and domainName is not: there is no name to point.'
      : undefined,
    certificate && regionViolation(certificate.certificateArn, region),
  ];
}

function regionViolation(certificateArn: string, region: string): Violation {
  if (Token.isUnresolved(certificateArn) || Token.isUnresolved(region)) return undefined;
  const found = certificateArn.split(':')[3];
  if (found === region) return undefined;
  return `certificate is of ${found} and the stack of ${region}; a load balancer takes certificates of its own region alone.`;
}

function networkViolations(props: BidiGatewayServiceProps): Violation[] {
  const { vpc, cluster, publicLoadBalancer, loadBalancerSubnets, taskSubnets } = props;
  const network = vpc ?? cluster?.vpc;
  return [
    network && publicLoadBalancer && !loadBalancerSubnets && network.publicSubnets.length === 0
      ? 'publicLoadBalancer is true and the VPC has no public subnets: name some as loadBalancerSubnets, or choose another VPC.'
      : undefined,
    network && !taskSubnets && network.privateSubnets.length === 0
      ? 'The VPC has no private subnets with a way out, which the tasks need: name some as taskSubnets, or choose another VPC.'
      : undefined,
    vpc && cluster ? 'vpc and cluster are both given; a cluster has its own vpc, so give one of them.' : undefined,
    vpc || cluster ? undefined : 'Neither vpc nor cluster is given; the tasks need a network.',
  ];
}

/** Stands for a name that is known at deployment only: it is checked there. */
const UNKNOWN_NAME = 'endpoint';

function routesViolations({ routes }: BidiGatewayServiceProps): Violation[] {
  const named = routes.map(({ endpoint, ...route }) => ({
    ...route,
    endpointName: Token.isUnresolved(endpoint.endpointName) ? UNKNOWN_NAME : endpoint.endpointName,
  }));
  const regions = new Set(routes.map(({ endpoint }) => endpoint.env.region));
  return [
    ...routeViolations(named),
    regions.size > 1
      ? `The endpoints are in ${[...regions].join(' and ')}; one gateway streams to one region. Make one for each.`
      : undefined,
  ];
}

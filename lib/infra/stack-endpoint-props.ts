import type { BidiStackProps } from './bidi-stack';

/** The properties that a stack hands to its endpoint as they are. */
export function stackEndpointProps(props: BidiStackProps) {
  const { endpointName, instanceType, instanceTypes, instanceCount, inferenceAmi, logRetention } = props;
  const { modelDownloadTimeout, startupHealthCheckTimeout } = props;
  return {
    endpointName,
    instanceType,
    instanceTypes,
    instanceCount,
    inferenceAmi,
    modelDownloadTimeout,
    startupHealthCheckTimeout,
    logRetention,
  };
}

export { BidiEndpoint } from './bidi-endpoint';
export { BidiEndpointBase, type GrantInvokeOptions, type IBidiEndpoint } from './bidi-endpoint-base';
export type { BidiEndpointProps, EndpointMetricsProps } from './bidi-endpoint-props';
export { BidiGatewayService } from './bidi-gateway-service';
export type { BidiGatewayServiceProps, GatewayRouteProps } from './bidi-gateway-service-props';
export {
  BidiImage,
  type BidiImageBindOptions,
  type BidiImageConfig,
  type BidiImageFromDirectoryProps,
  type BidiImagePushedProps,
} from './bidi-image';
export { BidiImageRepository, type BidiImageRepositoryProps } from './bidi-image-repository';
export {
  BidiModel,
  type BidiModelBindOptions,
  type BidiModelConfig,
  type BidiModelFromImageProps,
  type BidiModelFromModelPackageProps,
  type ModelSimulator,
} from './bidi-model';
export { BidiMonitoring, type BidiMonitoringProps } from './bidi-monitoring';
export { BidiPrivateAccess, type BidiPrivateAccessProps } from './bidi-private-access';
export { BidiStack, type BidiStackProps } from './bidi-stack';
export { ConcurrencyScaling, type ConcurrencyScalingProps } from './concurrency-scaling';
export { ContainerStack, type ContainerStackProps } from './container-stack';
export { DeepgramEndpoint, type DeepgramEndpointProps } from './deepgram-endpoint';
export { DeepgramStack, type DeepgramStackProps } from './deepgram-stack';
export { DockerfileLabelError } from './dockerfile-label';
export { EchoBidiStack, type EchoBidiStackProps } from './echo-bidi-stack';
export { ExecutionRole, type ExecutionRoleProps } from './execution-role';
export { GatewayStack, type GatewayStackProps } from './gateway-stack';
export type { HostingCapacityProps } from './hosting-capacity';
export type { BidiEndpointAttributes } from './imported-endpoint';
export { ModelData, type ModelDataConfig } from './model-data';
export { ModelPackageStack, type ModelPackageStackProps } from './model-package-stack';
export { NimEndpoint, type NimEndpointProps } from './nim-endpoint';
export { ProductionVariant, type ProductionVariantProps, type VariantHostingProps } from './production-variant';
export { type RollingRolloutProps, Rollout, type RolloutProps, type SteppedRolloutProps } from './rollout';
export type { RolloutName } from './rollout-name';
export { type IProductionVariant, type IStreamMetrics, VariantMetrics } from './stream-metrics';
export type { AlarmThresholds } from './variant-alarms';
export { InvalidPropsError } from './violations';
export { type HubModel, VllmEndpoint, type VllmEndpointProps, VllmOmniEndpoint } from './vllm-endpoint';
export { VllmStack, type VllmStackProps } from './vllm-stack';

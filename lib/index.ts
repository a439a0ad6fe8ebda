export {
  BIDIRECTIONAL_LABEL,
  BIDIRECTIONAL_LABEL_LINE,
  CONTAINER_METADATA_KEY,
  type ContainerMetadata,
  type ContainerStandIn,
  DEEPGRAM_INFERENCE_AMI,
  type DeepgramProduct,
  type DeepgramProductName,
  DeepgramProducts,
  ExplainedError,
  type Explanation,
  INFERENCE_AMI_VERSIONS,
  StackOutput,
} from './contract';
export * from './infra';

export * from './check-image';
export type * from './container-image';
export { type EcrOptions, readEcrImage } from './ecr-image';
export { readEngineImage } from './engine-image';
export { ImageError } from './image-error';
export { ecrRegistryOf, type ImageReference, parseImageReference } from './image-reference';

export * from './check-image';
export type * from './container-image';
export { readEcrImage } from './ecr-image';
export { readEngineImage } from './engine-image';
export { ImageError } from './image-error';
export { parseImageReference } from './image-reference';

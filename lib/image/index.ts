export * from './check-image';
export type * from './container-image';
export { type EcrOptions, readEcrImage } from './ecr-image';
export { readEngineImage } from './engine-image';
export { readImageArchive } from './image-archive';
export { ImageError } from './image-error';
export { ecrRegistryOf, type ImageReference, parseImageReference } from './image-reference';
export { OCI_LAYOUT_FILE, readOciLayoutDirectory } from './oci-layout';
export { type RegistryOptions, readRegistryImage } from './registry-image';

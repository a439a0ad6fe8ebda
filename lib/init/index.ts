export { kitDirectory, kitSpecifier, pinnedVersion } from './kit-package';
export * from './project-template';
export * from './write-project';

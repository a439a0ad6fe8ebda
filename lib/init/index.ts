export * from './project-template';
export * from './write-project';

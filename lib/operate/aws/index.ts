export * from './ask';
export * from './control-plane';
export * from './stack-resources';

export * from './bidi-endpoint';
export * from './bidi-image';
export * from './bidi-model';
export * from './dockerfile-label';
export * from './echo-bidi-stack';
export * from './invalid-props-error';

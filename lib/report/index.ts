export * from './json';
export * from './junit';
export * from './sarif';
export * from './table';

export * from './capacity';
export * from './estimate';
export * from './generator-pool';
export * from './load-plan';
export * from './report/capacity-report';
export * from './report/png';

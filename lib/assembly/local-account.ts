/** Account of the local SageMaker in ARNs and messages: no account of anybody. */
export const LOCAL_ACCOUNT = '000000000000';

/** Account of the local SageMaker in ARNs and messages. No account of AWS has this number. */
export const LOCAL_ACCOUNT = '000000000000';

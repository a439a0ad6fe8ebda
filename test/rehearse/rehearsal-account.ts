/** Where the rehearsal deploys to: an account of the documentation's, in a region, both known to the emulator alone. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Host of the account's private registry in ECR. */
export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;

/** A model package that nobody sells. */
export const MODEL_PACKAGE_ARN = `arn:aws:sagemaker:${REGION}:${ACCOUNT}:model-package/rehearsal-speech/1`;

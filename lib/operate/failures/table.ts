import {
  BIDIRECTIONAL_LABEL_LINE,
  CONTAINER_PORT,
  DEEPGRAM_INFERENCE_AMI,
  HANDSHAKE_FAILURE_MESSAGE,
  IMAGE_PLATFORM,
  INSTANCE_POOL_LIMIT,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  NO_ATTESTATIONS_VARIABLE,
  PING_PATH,
  SERVE_ARGUMENT,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
  STREAM_ACTION,
} from '../../contract';
import type { FailureCause, Fix } from './cause';

const READ_THE_LOG: Fix = {
  text: 'Read what the container wrote before it ended.',
  command: 'aws logs tail /aws/sagemaker/Endpoints/<endpoint> --since 1h --region <region>',
};

const CHECK_THE_CONTAINER: Fix = {
  text: 'Check the container on this machine: the check names the rule that the container breaks.',
  command: 'npx bidi check --stack <stack>',
};

const REBUILD: Fix = {
  text: 'Build the image again for the platform, as one manifest without attestations. BidiImage.fromDirectory does both.',
  command: `docker buildx build --platform ${IMAGE_PLATFORM} --provenance=false --sbom=false --output type=docker .`,
};

const AS_CONTEXT = 'The stacks of this kit take it as context; repeat your other -c options.';

const OTHER_CAPACITY: readonly Fix[] = [
  {
    text: `Give BidiEndpoint an ordered pool of up to ${INSTANCE_POOL_LIMIT} types; each type needs its own quota. ${AS_CONTEXT}`,
    command: 'npx cdk deploy <stack> -c instanceTypes=<instance-type>,ml.g6e.2xlarge,ml.g5.2xlarge',
    cdk: "instanceTypes: ['<instance-type>', 'ml.g6e.2xlarge', 'ml.g5.2xlarge']",
  },
  { text: 'Or try another region, or try again later. The stack needs no change.' },
];

/**
 * Every known cause. Causes that a text proves come first, causes that a missing log suggests come last. `bidi status` explains a
 * failure by this table, and `npm run docs:runbook` writes docs/runbook.md from it.
 */
export const FAILURE_CAUSES: readonly FailureCause[] = [
  {
    name: 'quota',
    title: 'The account may not run this instance type for endpoints',
    phase: 'deployment',
    symptoms: [
      {
        reason: /ResourceLimitExceeded|account-level service limit/i,
        example: {
          reason:
            "The account-level service limit 'ml.g6.2xlarge for endpoint usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances.",
        },
      },
    ],
    cause:
      'Each instance type has its own quota in each region, named "TYPE for endpoint usage". It is 0 at first for most GPU types. An instance pool does not fall back when quota is missing.',
    fixes: [
      {
        text: 'See the quota and its code.',
        command:
          'aws service-quotas list-service-quotas --service-code sagemaker --region <region> --query "Quotas[?QuotaName==\'<instance-type> for endpoint usage\'].[QuotaCode,Value]"',
      },
      {
        text: 'Request more. A blue/green update needs quota for both fleets: twice the instances.',
        command:
          'aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code CODE --desired-value 2 --region <region>',
      },
    ],
    source: 'API reference, CreateEndpoint, ResourceLimitExceeded; measured by operators',
  },
  {
    name: 'scaled-update',
    title: 'The update changes the instance type of a scaled variant, or removes a scaled variant',
    phase: 'deployment',
    symptoms: [
      {
        reason: /scalable target/i,
        example: {
          reason: 'An Application AutoScaling scalable target exists for a variant being deleted',
        },
      },
    ],
    cause:
      'SageMaker refuses to change the instance type of a variant, or to remove it, while the variant is registered for auto scaling. CloudFormation deletes the scalable target only after it has updated the endpoint, so one deployment cannot do both.',
    fixes: [
      {
        text: 'Deploy twice. First deploy without the scalable target and without another change; the endpoint keeps its instances. The stacks take it as context (repeat your other -c options), autoScaleConcurrency as a property.',
        command: 'npx cdk deploy <stack> -c <stack>:scalingPaused=true',
        cdk: 'paused: true',
      },
      {
        text: 'Then deploy the change without the pause. The endpoint is updated and scales again.',
        command: 'npx cdk deploy <stack>',
      },
    ],
    source:
      'SageMaker AI developer guide, "Update endpoints that use auto scaling"; the text of the error from public reports of a removed variant',
  },
  {
    name: 'subscription',
    title: 'The account is not subscribed to the Marketplace listing',
    phase: 'deployment',
    symptoms: [
      {
        reason: /not subscribed to the marketplace/i,
        example: { reason: 'Caller is not subscribed to the marketplace offering.' },
      },
    ],
    cause:
      'A Marketplace model package runs only in an account with an active subscription; a private offer has to be accepted in each linked account.',
    fixes: [
      {
        text: 'Accept the offer in AWS Marketplace with this account, then deploy again.',
        command: 'aws sagemaker list-model-packages --model-package-type Both --region <region>',
      },
    ],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
  {
    name: 'environment-not-allowed',
    title: 'The listing does not allow environment variables',
    phase: 'deployment',
    symptoms: [
      {
        reason: /Environment variable map cannot be specified/i,
        example: {
          reason:
            'Environment variable map cannot be specified when using a ModelPackage subscribed from AWS Marketplace.',
        },
      },
    ],
    cause: 'AWS allows environment variables only for the listings whose sellers requested it.',
    fixes: [{ text: 'Leave `environment` out of BidiModel.fromModelPackage, or ask the seller to enable it.' }],
    source: 'Deepgram, deploy-amazon-sagemaker',
  },
  {
    name: 'network-isolation',
    title: 'The model package requires network isolation',
    phase: 'deployment',
    symptoms: [
      {
        reason: /network isolation/i,
        example: {
          reason: 'Network isolation must be enabled when creating a model from a Marketplace model package.',
        },
      },
    ],
    cause: 'A Marketplace model package runs only with `EnableNetworkIsolation: true`.',
    fixes: [
      {
        text: 'Create the model with BidiModel.fromModelPackage, which sets it.',
        cdk: 'model: BidiModel.fromModelPackage(modelPackageArn)',
      },
    ],
    source: 'Deepgram, deploy-amazon-sagemaker; the wording varies',
  },
  {
    name: 'kms-on-nvme',
    title: 'A volume key on an instance type with local NVMe storage',
    phase: 'deployment',
    symptoms: [
      {
        reason: /(kms|volume (encryption )?key).*(not supported|nvme|local storage|instance storage)/is,
        example: { reason: "KMS key is not supported for NVMe instance storage of instance type 'ml.g6.2xlarge'." },
      },
    ],
    cause:
      'Types with local NVMe storage (g4dn, g5, g6 and others) encrypt it by a hardware module on the host and accept no other key.',
    fixes: [{ text: 'Leave `volumeEncryptionKey` of BidiEndpoint out, or choose a type without local storage.' }],
    source:
      'API reference, CreateEndpointConfig, KmsKeyId, in an older version; the current version says only that the key does not encrypt the local storage',
  },
  {
    name: 'instance-type-not-supported',
    title: 'The model package does not run on this instance type',
    phase: 'deployment',
    symptoms: [
      {
        reason: /instance[ -]?type.{0,80}(not (currently )?supported|unsupported|not in the list|not available in)/is,
        example: { reason: "Instance type 'ml.g4dn.xlarge' is not supported by the model package." },
      },
      {
        reason: /(not supported|unsupported).{0,40}instance[ -]?type/is,
        example: { reason: 'Unsupported instance type ml.g7e.2xlarge.' },
      },
    ],
    cause:
      'A model package supports only the types that it names, and a region does not offer every type for endpoints.',
    fixes: [
      {
        text: 'Find the types that the package supports, and set one of them on BidiEndpoint.',
        command: 'npx bidi preflight <stack>',
        cdk: "instanceType: 'ml.g6.2xlarge'",
      },
    ],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
  {
    name: 'image-manifest',
    title: 'The image is an index, or has a media type that SageMaker does not accept',
    phase: 'deployment',
    symptoms: [
      {
        reason: /Unsupported (manifest|image) media type/i,
        example: {
          reason:
            'Unsupported manifest media type application/vnd.oci.image.index.v1+json for image 123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:latest.',
        },
      },
    ],
    cause:
      'Current builders add attestations, so the image becomes an index of manifests. SageMaker accepts one manifest only.',
    fixes: [
      REBUILD,
      {
        text: 'When the CDK publishes the image, this variable turns attestations off.',
        command: `${NO_ATTESTATIONS_VARIABLE}=1 npx cdk deploy <stack>`,
      },
    ],
    source: 'measured by operators; aws/amazon-sagemaker-feedback #180',
  },
  {
    name: 'image-access',
    title: 'The execution role may not pull the image',
    phase: 'deployment',
    symptoms: [
      {
        reason: /BatchGetImage|GetDownloadUrlForLayer|(does not have|grant).{0,40}ecr:/is,
        example: {
          reason:
            "The role 'arn:aws:iam::123456789012:role/execution' does not have BatchGetImage permission for the image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:latest'.",
        },
      },
    ],
    cause:
      'The role lacks ecr:BatchGetImage, ecr:GetDownloadUrlForLayer or ecr:GetAuthorizationToken, or the repository of another account does not allow it.',
    fixes: [
      {
        text: 'Let the kit create the role, or grant the pull to your own role: `repository.grantPull(role)`.',
      },
    ],
    source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
  },
  {
    name: 'image-not-found',
    title: 'The image is not in the repository',
    phase: 'deployment',
    symptoms: [
      {
        reason: /(requested )?image .{0,200}(not found|does not exist)|ECR image .{0,200}invalid/is,
        example: {
          reason: 'Requested image 123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:latest not found.',
        },
      },
    ],
    cause: 'The tag or digest was never pushed, was deleted by a lifecycle rule, or is in another region or account.',
    fixes: [
      { text: 'Check the image of the stack.', command: 'npx bidi preflight <stack>' },
      { text: 'Push the image, or use a tag that exists: `BidiImage.fromRepository(repository, tag)`.' },
    ],
    source: 'measured by operators',
  },
  {
    name: 'image-too-large',
    title: 'The image is larger than SageMaker allows',
    phase: 'deployment',
    symptoms: [
      {
        reason: /image size \d+ is greater than supported size/i,
        example: { reason: 'Image size 12399514599 is greater than supported size 10737418240.' },
      },
    ],
    cause: 'SageMaker limits the size of an image. Model files in the image are the usual reason.',
    fixes: [
      {
        text: 'Move the model files to S3 and let SageMaker mount them at /opt/ml/model.',
        cdk: "modelData: ModelData.fromArchive(bucket, 'model.tar.gz')",
      },
    ],
    source: 'measured by operators',
  },
  {
    name: 'role-trust',
    title: 'SageMaker cannot assume the execution role',
    phase: 'deployment',
    symptoms: [
      {
        reason: /could not assume role|allows principal ['"]?sagemaker/i,
        example: {
          reason:
            "Could not assume role arn:aws:iam::123456789012:role/execution. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.",
        },
      },
    ],
    cause:
      'The trust policy of the role does not name sagemaker.amazonaws.com, or its conditions exclude this account or endpoint.',
    fixes: [
      {
        text: 'Let the kit create the role, or trust the service in your own role.',
        cdk: "assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com')",
      },
    ],
    source: 'SageMaker AI developer guide, "How to use SageMaker AI execution roles"',
  },
  {
    name: 'model-data-access',
    title: 'The model data in S3 cannot be read',
    phase: 'deployment',
    symptoms: [
      {
        reason: /could not (find|access) model data|(access denied|forbidden|not authorized).{0,120}s3/is,
        example: { reason: 'Could not find model data at s3://bucket/model.tar.gz.' },
      },
    ],
    cause:
      'The object does not exist, is in another region, is encrypted with a key that the role may not use, or the role lacks s3:GetObject.',
    fixes: [
      {
        text: 'Check that the object exists and which key encrypts it. Then grant the role s3:GetObject and kms:Decrypt.',
        command: 'aws s3api head-object --bucket BUCKET --key KEY --region <region>',
      },
    ],
    source: 'SageMaker AI developer guide, "Troubleshoot model deployments"',
  },
  {
    name: 'subnet-addresses',
    title: 'The subnets have no free addresses',
    phase: 'deployment',
    symptoms: [
      {
        reason: /(insufficient|not enough|no).{0,30}(free|available)? ?(ip )?address/is,
        example: { reason: 'Subnet subnet-0123 has insufficient free IP addresses to satisfy the request.' },
      },
    ],
    cause:
      'Each instance needs a network interface in your subnets. A blue/green update needs twice as many for some time.',
    fixes: [
      {
        text: 'Give BidiEndpoint more or larger subnets.',
        cdk: 'vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }',
      },
    ],
    source: 'SageMaker AI developer guide, "Give SageMaker AI hosted endpoints access to resources in your VPC"',
  },
  {
    name: 'name-taken',
    title: 'An endpoint of this name exists already',
    phase: 'deployment',
    symptoms: [
      {
        reason: /cannot create already existing|already exists/i,
        example: {
          reason: 'Cannot create already existing endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo".',
        },
      },
    ],
    cause: 'Another stack, the console, or an interrupted `cdk destroy` left an endpoint with this name.',
    fixes: [
      {
        text: 'List the resources that are left and their costs.',
        command: 'npx bidi destroy-check <endpoint> --region <region>',
      },
      {
        text: 'Delete the endpoint if no application uses it, or choose another name.',
        command: 'npx cdk deploy <stack> -c endpointName=another-name',
      },
    ],
    source: 'API reference, CreateEndpoint',
  },
  {
    name: 'alarm-rollback',
    title: 'An alarm rolled the update back',
    phase: 'deployment',
    symptoms: [
      {
        reason: /(roll(ed)?[ -]?back|auto-rollback).*alarm|alarm.*roll(ed)?[ -]?back/is,
        example: { reason: 'Deployment was rolled back because alarm EchoErrors went into ALARM.' },
      },
    ],
    cause:
      'An alarm of the rollout went into ALARM while the new fleet took traffic, and the platform rolled back, as configured.',
    fixes: [
      {
        text: 'Find the alarm and its reason. The old fleet still serves.',
        command: 'aws cloudwatch describe-alarm-history --history-item-type StateUpdate --region <region>',
      },
      READ_THE_LOG,
    ],
    source: 'SageMaker AI developer guide, "Auto-rollback configuration and monitoring"',
  },
  {
    name: 'driver',
    title: "The host's NVIDIA driver is too old for the container",
    phase: 'deployment',
    symptoms: [
      {
        log: /cuda-preflight|InferenceAmiVersion|driver version is insufficient|driver.{0,40}too old|forward compatibility was attempted/i,
        example: {
          logLines: [
            `[cuda-preflight] driver 470 does not serve CUDA 13: set InferenceAmiVersion to ${DEEPGRAM_INFERENCE_AMI}`,
          ],
        },
      },
    ],
    cause:
      'Without a pinned AMI a host has the driver of its generation. The driver of g4dn and g5 is older than current images need.',
    fixes: [
      {
        text: `Pin the AMI of BidiEndpoint. ${AS_CONTEXT}`,
        command: `npx cdk deploy <stack> -c inferenceAmi=${DEEPGRAM_INFERENCE_AMI}`,
        cdk: `inferenceAmi: '${DEEPGRAM_INFERENCE_AMI}'`,
      },
    ],
    source: 'Deepgram, deploy-amazon-sagemaker; measured by operators',
  },
  {
    name: 'gpu-memory',
    title: 'The model does not fit the memory of the GPU',
    phase: 'deployment',
    symptoms: [
      {
        log: /CUDA(_ERROR_|.)out.of.memory|torch\.(cuda\.)?OutOfMemoryError|cudaErrorMemoryAllocation/i,
        example: { logLines: ['torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 256.00 MiB'] },
      },
    ],
    cause: 'The model is larger than the memory of the GPU, so the container never answers /ping with 200.',
    fixes: [
      {
        text: `Choose a type with more GPU memory, or load a smaller model. ${AS_CONTEXT}`,
        command: 'npx cdk deploy <stack> -c instanceType=ml.g6e.2xlarge',
        cdk: "instanceType: 'ml.g6e.2xlarge'",
      },
    ],
    source: 'measured by operators',
  },
  {
    name: 'host-memory',
    title: 'The container ran out of memory',
    phase: 'deployment',
    symptoms: [
      {
        log: /heap out of memory|\bMemoryError\b|std::bad_alloc|out of memory: kill|oom[- ]?kill|Cannot allocate memory/i,
        example: { logLines: ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'] },
      },
    ],
    cause: 'The process was ended during its start, because the instance had no free memory.',
    fixes: [
      {
        text: `Choose a larger type, or load a smaller model. ${AS_CONTEXT}`,
        command: 'npx cdk deploy <stack> -c instanceType=ml.g6.4xlarge',
        cdk: "instanceType: 'ml.g6.4xlarge'",
      },
    ],
    source: 'measured by operators',
  },
  {
    name: 'image-platform',
    title: `The image is not built for ${IMAGE_PLATFORM}`,
    phase: 'deployment',
    symptoms: [
      {
        log: /exec format error/i,
        example: { logLines: ['exec /usr/local/bin/node: exec format error'] },
      },
    ],
    cause: `The image was built for another processor, which is the default on a machine with an Arm processor. SageMaker runs ${IMAGE_PLATFORM}.`,
    fixes: [REBUILD],
    source: 'SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities"',
  },
  {
    name: 'entrypoint',
    title: `The container does not start with \`${SERVE_ARGUMENT}\``,
    phase: 'deployment',
    symptoms: [
      {
        log: /executable file not found in \$PATH|exec: .{0,80}(no such file|permission denied)|exec \S+: no such file/i,
        example: { logLines: ['exec: "serve": executable file not found in $PATH'] },
      },
      {
        reason: /CannotStartContainerError/i,
        example: {
          reason:
            "CannotStartContainerError. Please ensure the model container for variant AllTraffic starts correctly when invoked with 'docker run <image> serve'",
        },
      },
    ],
    cause: `SageMaker runs \`docker run IMAGE ${SERVE_ARGUMENT}\`: the argument replaces CMD, and without an ENTRYPOINT it is started as the program.`,
    fixes: [
      {
        text: 'Name the program in an ENTRYPOINT in exec form, and let the program ignore the argument.',
        command: 'ENTRYPOINT ["node", "server.js"]',
      },
      CHECK_THE_CONTAINER,
    ],
    source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
  },
  {
    name: 'port-in-use',
    title: `Port ${CONTAINER_PORT} is in use inside the container`,
    phase: 'deployment',
    symptoms: [
      {
        log: /EADDRINUSE|address already in use/i,
        example: { logLines: ['Error: listen EADDRINUSE: address already in use :::8080'] },
      },
    ],
    cause: `Two processes of the container listen on ${CONTAINER_PORT}, or the program starts itself twice.`,
    fixes: [{ text: `Let one process listen on ${CONTAINER_PORT}, for HTTP and for WebSockets.` }, CHECK_THE_CONTAINER],
    source: 'SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities"',
  },
  {
    name: 'container-user',
    title: 'The container lacks permissions of root',
    phase: 'deployment',
    symptoms: [
      {
        log: /EACCES|EROFS|permission denied|read-only file system/i,
        example: { logLines: ["Error: EACCES: permission denied, open '/opt/ml/model/model.bin'"] },
      },
    ],
    cause:
      'The platform expects that the container runs as root. With a USER line it cannot read /opt/ml. The model directory is read-only for every user.',
    fixes: [{ text: 'Remove the USER line, and write to /tmp instead of /opt/ml/model.' }, CHECK_THE_CONTAINER],
    source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
  },
  {
    name: 'capacity',
    title: 'AWS has no free instance of this type',
    phase: 'deployment',
    symptoms: [
      {
        reason: /InsufficientInstanceCapacity|Unable to provision requested ML compute capacity|CapacityError/i,
        example: {
          reason:
            'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.',
        },
      },
    ],
    cause:
      'The region has no free instance of this type at the moment. The image, the account and the stack are not the cause.',
    fixes: OTHER_CAPACITY,
    source: 'SageMaker AI developer guide, "Troubleshoot model deployments"',
  },
  {
    name: 'download-timeout',
    title: 'The model was not downloaded in time',
    phase: 'deployment',
    symptoms: [
      {
        reason:
          /(download|extract).{0,120}(timed? ?out|time limit)|(timed? ?out|time limit).{0,120}(download|extract)/is,
        example: { reason: 'Model data download timed out after 600 seconds.' },
      },
      {
        logExists: false,
        outlastsDownload: true,
        example: {
          reason: 'Request to service failed. If failure persists after retry, contact customer support.',
          logExists: false,
          elapsedSeconds: 1_500,
          downloadTimeoutSeconds: MODEL_DOWNLOAD_TIMEOUT_SECONDS.recommended,
        },
      },
    ],
    cause:
      'Large bundles take longer than `ModelDataDownloadTimeoutInSeconds`. The endpoint stays in Creating for a long time, and fails without a log.',
    fixes: [
      {
        text: `Set the timeout to ${MODEL_DOWNLOAD_TIMEOUT_SECONDS.large} s, which large multilingual bundles need. ${AS_CONTEXT}`,
        command: `npx cdk deploy <stack> -c modelDownloadTimeout=${MODEL_DOWNLOAD_TIMEOUT_SECONDS.large}`,
        cdk: `modelDownloadTimeout: Duration.seconds(${MODEL_DOWNLOAD_TIMEOUT_SECONDS.large})`,
      },
    ],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
  {
    name: 'health-check',
    title: `The container ran, but ${PING_PATH} did not answer 200 in time`,
    phase: 'deployment',
    symptoms: [
      {
        reason: /did not pass the ping health check/i,
        example: {
          reason:
            'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
        },
      },
    ],
    cause: `The container listens on another port or address, answers ${PING_PATH} with another status than 200, or loads longer than the timeout of the health check.`,
    fixes: [
      READ_THE_LOG,
      CHECK_THE_CONTAINER,
      {
        text: `If it only loads longer, raise the timeout. ${AS_CONTEXT}`,
        command: `npx cdk deploy <stack> -c startupHealthCheckTimeout=${STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS.max}`,
        cdk: `startupHealthCheckTimeout: Duration.seconds(${STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS.max})`,
      },
    ],
    source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
  },
  {
    name: 'streaming-label',
    title: 'The image lacks the streaming label',
    phase: 'stream',
    symptoms: [
      {
        reason:
          /bidirectional[- ]stream\w*.{0,60}(not supported|unsupported|not enabled|capabilit)|not support.{0,40}bidirectional/is,
        example: { reason: 'The model container does not support bidirectional streaming.' },
      },
    ],
    cause: 'Without the label the platform routes no streams to the container, even when the container is healthy.',
    fixes: [{ text: 'Add the line to the Dockerfile and deploy again.', command: BIDIRECTIONAL_LABEL_LINE }],
    source:
      'SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities"; the wording of the refusal varies',
  },
  {
    name: 'handshake-refused',
    title: 'The container refused the WebSocket',
    phase: 'stream',
    symptoms: [
      {
        reason: new RegExp(HANDSHAKE_FAILURE_MESSAGE, 'i'),
        example: { reason: `${HANDSHAKE_FAILURE_MESSAGE}.` },
      },
    ],
    cause: "The model does not accept the path or the query. The container's own answer is only in its log.",
    fixes: [READ_THE_LOG, { text: 'For Deepgram: check the path, and `language=multi` for a multilingual package.' }],
    source: 'measured by operators',
  },
  {
    name: 'invoke-denied',
    title: 'The caller may not stream to the endpoint',
    phase: 'stream',
    symptoms: [
      {
        reason: /(not authorized|AccessDenied).*InvokeEndpoint/is,
        example: {
          reason: `User: arn:aws:iam::123456789012:user/app is not authorized to perform: ${STREAM_ACTION} on resource: arn:aws:sagemaker:us-east-1:123456789012:endpoint/echo`,
        },
      },
    ],
    cause: `Streaming needs the action ${STREAM_ACTION}; sagemaker:InvokeEndpoint does not include it.`,
    fixes: [{ text: "Grant it on this endpoint's ARN.", cdk: 'endpoint.grantInvoke(application)' }],
    source: 'API model sagemaker-runtime-http2, 2025-10-01',
  },
  {
    name: 'container-never-started',
    title: 'No container ever started',
    phase: 'deployment',
    symptoms: [
      {
        logExists: false,
        example: {
          reason: 'Request to service failed. If failure persists after retry, contact customer support.',
          logExists: false,
        },
      },
    ],
    cause:
      'There is no log, so no container ran, and the image is not the cause. Nearly always there was no free instance; less often the quota or the AMI is the cause.',
    fixes: [
      ...OTHER_CAPACITY,
      { text: 'Check quota and AMI before the next attempt.', command: 'npx bidi preflight <stack>' },
    ],
    source: 'Deepgram, troubleshooting-sagemaker; measured by operators',
  },
  {
    name: 'container-failed',
    title: 'The container started and ended',
    phase: 'deployment',
    symptoms: [
      {
        logExists: true,
        example: {
          reason: 'Request to service failed. If failure persists after retry, contact customer support.',
          logExists: true,
          logLines: ['server exited with code 1'],
        },
      },
    ],
    cause:
      'There is a log, so an instance was found and the image was pulled. The last lines of the log show why the container ended.',
    fixes: [READ_THE_LOG, CHECK_THE_CONTAINER],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
];

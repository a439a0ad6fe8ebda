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
  text: 'Try the container on this machine: the check names the rule that it breaks.',
  command: 'npx bidi check --stack <stack>',
};

const REBUILD: Fix = {
  text: 'Build the image again for the platform, as one manifest without attestations. The kit does both when it builds the directory.',
  command: `docker buildx build --platform ${IMAGE_PLATFORM} --provenance=false --sbom=false --output type=docker .`,
};

const AS_CONTEXT = 'EchoBidiStack and DeepgramStack take it as context; repeat your other -c.';

const OTHER_CAPACITY: readonly Fix[] = [
  {
    text: `Give BidiEndpoint an ordered pool of up to ${INSTANCE_POOL_LIMIT} types; each needs a quota of its own. ${AS_CONTEXT}`,
    command: 'npx cdk deploy <stack> -c instanceTypes=<instance-type>,ml.g6e.2xlarge,ml.g5.2xlarge',
    cdk: "instanceTypes: ['<instance-type>', 'ml.g6e.2xlarge', 'ml.g5.2xlarge']",
  },
  { text: 'Or try another region, or later: nothing in the stack is wrong.' },
];

/**
 * Every known cause, ordered from what a text proves to what the absence of a text suggests. `bidi status` explains a failure by
 * it, and `docs/runbook.md` is generated from it (`npm run docs:runbook`).
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
      'Each instance type has a quota of its own per region, named after it with "for endpoint usage", and it starts at 0 for most GPU types. An instance pool does not fall back on quota.',
    fixes: [
      {
        text: 'See the quota and its code.',
        command:
          'aws service-quotas list-service-quotas --service-code sagemaker --region <region> --query "Quotas[?QuotaName==\'<instance-type> for endpoint usage\'].[QuotaCode,Value]"',
      },
      {
        text: 'Ask for more. A blue/green update needs room for both fleets: twice the instances.',
        command:
          'aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code CODE --desired-value 2 --region <region>',
      },
    ],
    source: 'API reference, CreateEndpoint, ResourceLimitExceeded; measured by operators',
  },
  {
    name: 'scaled-update',
    title: 'A variant that is a scalable target changes its instance type, or goes',
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
      'SageMaker refuses to change the instance type of a variant, or to remove it, while the variant is registered for auto scaling. CloudFormation deletes the scalable target only after it has updated the endpoint, so it cannot make room by itself.',
    fixes: [
      {
        text: 'Deploy twice. First without the scalable target and with nothing else changed; the instances stay as they are. The stacks take it as context (repeat your other -c), autoScaleConcurrency as a property.',
        command: 'npx cdk deploy <stack> -c <stack>:scalingPaused=true',
        cdk: 'paused: true',
      },
      {
        text: 'Then with the change, and without the pause: the endpoint is updated and registered again.',
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
    title: 'The listing takes no environment variables',
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
    cause: 'AWS enables environment variables listing by listing, at the wish of its seller.',
    fixes: [{ text: 'Leave `environment` out of BidiModel.fromModelPackage, or ask the seller to have it enabled.' }],
    source: 'Deepgram, deploy-amazon-sagemaker',
  },
  {
    name: 'network-isolation',
    title: 'The model package asks for network isolation',
    phase: 'deployment',
    symptoms: [
      {
        reason: /network isolation/i,
        example: {
          reason: 'Network isolation must be enabled when creating a model from a Marketplace model package.',
        },
      },
    ],
    cause: 'A Marketplace model package runs with `EnableNetworkIsolation: true` and in no other way.',
    fixes: [
      {
        text: 'Make the model with BidiModel.fromModelPackage, which sets it.',
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
      'Types with local NVMe storage (g4dn, g5, g6 and others) encrypt it by a hardware module on the host and take no other key.',
    fixes: [{ text: 'Leave `volumeEncryptionKey` of BidiEndpoint out, or choose a type without local storage.' }],
    source:
      'API reference, CreateEndpointConfig, KmsKeyId, in its older text; the current one only says that the key does not encrypt the local storage',
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
      'A model package names the types that it was validated on, and a region does not offer every type for endpoints.',
    fixes: [
      {
        text: 'See which types the package supports, and set one of them on BidiEndpoint.',
        command: 'npx bidi preflight <stack>',
        cdk: "instanceType: 'ml.g6.2xlarge'",
      },
    ],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
  {
    name: 'image-manifest',
    title: 'The image is an index, or of a media type that SageMaker does not take',
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
      'Current builders add attestations, which turn the image into an index of manifests; SageMaker takes exactly one manifest.',
    fixes: [
      REBUILD,
      {
        text: 'Where the CDK publishes the image, this variable asks for the same.',
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
        text: 'Let the kit make the role, or grant the pull to the role that you brought: `repository.grantPull(role)`.',
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
    cause: 'The tag or digest was never pushed, was expired by a lifecycle rule, or lies in another region or account.',
    fixes: [
      { text: 'Look where the stack points to.', command: 'npx bidi preflight <stack>' },
      { text: 'Push the image, or name the tag that exists: `BidiImage.fromRepository(repository, tag)`.' },
    ],
    source: 'measured by operators',
  },
  {
    name: 'image-too-large',
    title: 'The image is larger than SageMaker takes',
    phase: 'deployment',
    symptoms: [
      {
        reason: /image size \d+ is greater than supported size/i,
        example: { reason: 'Image size 12399514599 is greater than supported size 10737418240.' },
      },
    ],
    cause: 'A hosted image has a size limit; model files in the image are the usual reason.',
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
        text: 'Let the kit make the role, or trust the service in your own.',
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
      'The object does not exist, lies in another region, is encrypted with a key that the role may not use, or the role lacks s3:GetObject.',
    fixes: [
      {
        text: 'Look whether the object is there and which key encrypts it, then grant the role s3:GetObject and kms:Decrypt.',
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
      'Each instance takes a network interface in each container network; a blue/green update doubles them for a while.',
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
    cause: 'Another stack, the console or a destroy that was cut short left an endpoint under the name.',
    fixes: [
      { text: 'See what is left and what it costs.', command: 'npx bidi destroy-check <endpoint> --region <region>' },
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
    cause: 'A guardrail did its work: an alarm named in the rollout went off while the new fleet took traffic.',
    fixes: [
      {
        text: 'See which alarm and why; the old fleet still serves.',
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
      'Without a pinned AMI a host boots the driver of its generation; g4dn and g5 get an older one than current images need.',
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
    cause: 'The container loads more than the GPU of the instance type holds, so it never answers /ping with 200.',
    fixes: [
      {
        text: `Choose a type with more GPU memory, or load less. ${AS_CONTEXT}`,
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
    cause: 'The process was ended while it started because memory ran out.',
    fixes: [
      {
        text: `Choose a larger type, or load less. ${AS_CONTEXT}`,
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
    cause: `The image was built for another processor, as happens by default on a machine with ARM; SageMaker runs ${IMAGE_PLATFORM}.`,
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
    cause: `SageMaker runs \`docker run IMAGE ${SERVE_ARGUMENT}\`: the argument replaces CMD, and without an ENTRYPOINT it is taken for the program.`,
    fixes: [
      {
        text: 'Name the program in an exec-form ENTRYPOINT and ignore the argument.',
        command: 'ENTRYPOINT ["node", "server.js"]',
      },
      CHECK_THE_CONTAINER,
    ],
    source: 'SageMaker AI developer guide, "Use your own inference code with hosting services"',
  },
  {
    name: 'port-in-use',
    title: `Port ${CONTAINER_PORT} is taken inside the container`,
    phase: 'deployment',
    symptoms: [
      {
        log: /EADDRINUSE|address already in use/i,
        example: { logLines: ['Error: listen EADDRINUSE: address already in use :::8080'] },
      },
    ],
    cause: `Two processes of the container listen on ${CONTAINER_PORT}, or the program starts itself twice.`,
    fixes: [
      { text: `Let one process listen on ${CONTAINER_PORT}, for HTTP and WebSocket alike.` },
      CHECK_THE_CONTAINER,
    ],
    source: 'SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities"',
  },
  {
    name: 'container-user',
    title: 'The container lacks rights that root has',
    phase: 'deployment',
    symptoms: [
      {
        log: /EACCES|EROFS|permission denied|read-only file system/i,
        example: { logLines: ["Error: EACCES: permission denied, open '/opt/ml/model/model.bin'"] },
      },
    ],
    cause:
      'The platform expects root; a USER line breaks reading /opt/ml. The model directory is read-only for everybody.',
    fixes: [{ text: 'Remove the USER line, and write to /tmp rather than under /opt/ml/model.' }, CHECK_THE_CONTAINER],
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
    cause: 'The region is out of this type at this moment. It is not a fault of the image, the account or the stack.',
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
      'Large bundles take longer than `ModelDataDownloadTimeoutInSeconds` allows: long in Creating, then Failed without a log.',
    fixes: [
      {
        text: `Allow BidiEndpoint ${MODEL_DOWNLOAD_TIMEOUT_SECONDS.large} s, as large multilingual bundles need. ${AS_CONTEXT}`,
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
    cause: `The container listens on another port or address, answers ${PING_PATH} with another status than 200, or needs longer to load than the health check waits.`,
    fixes: [
      READ_THE_LOG,
      CHECK_THE_CONTAINER,
      {
        text: `If it only needs longer, let BidiEndpoint wait longer. ${AS_CONTEXT}`,
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
    cause: 'Without the label the platform does not route streams to the container, however healthy it is.',
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
    cause: "The path or the query is not one that the model takes. The container's own answer is only in its log.",
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
    cause: `Streaming has an action of its own, ${STREAM_ACTION}; sagemaker:InvokeEndpoint does not include it.`,
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
      'Without a log no container ran, so the image is not at fault: nearly always there was no free instance, less often a quota or an AMI.',
    fixes: [
      ...OTHER_CAPACITY,
      { text: 'Look at quota and AMI before the next attempt.', command: 'npx bidi preflight <stack>' },
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
      'There is a log, so an instance was found and the image was pulled: what the container did then is in its last lines.',
    fixes: [READ_THE_LOG, CHECK_THE_CONTAINER],
    source: 'Deepgram, troubleshooting-sagemaker',
  },
];

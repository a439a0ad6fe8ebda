import * as fs from 'node:fs';
import * as path from 'node:path';
import { CfnParameter, Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CONTAINER_METADATA_KEY, type ContainerMetadata } from '../../lib/contract';
import {
  BidiEndpoint,
  BidiImage,
  BidiImageRepository,
  BidiModel,
  DockerfileLabelError,
  ModelData,
} from '../../lib/infra';
import { ACCOUNT, imageDirectory, newApp, newStack, PACKAGE_ARN } from './synthesis';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

function host(stack: Stack, model: BidiModel): Template {
  new BidiEndpoint(stack, 'Speech', { model, endpointName: 'speech', vpc: new Vpc(stack, 'Vpc') });
  return Template.fromStack(stack);
}

function containerOf(template: Template): ContainerMetadata {
  const [model] = Object.values(template.findResources('AWS::SageMaker::Model'));
  return model!.Metadata[CONTAINER_METADATA_KEY];
}

function statementsOf(template: Template): { Action: string | string[]; Resource: unknown }[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    policy => policy.Properties.PolicyDocument.Statement,
  );
}

describe('BidiImage.fromDirectory', () => {
  test('builds for linux/amd64 and passes every option of the asset on', () => {
    const app = newApp();
    const stack = newStack(undefined, app);
    const image = BidiImage.fromDirectory(imageDirectory(), {
      buildArgs: { VERSION: '1' },
      file: 'Dockerfile',
      assetName: 'Speech',
      cacheFrom: [{ type: 'gha' }],
      localCommand: ['node', 'server.js'],
    });
    new BidiEndpoint(stack, 'Speech', { model: BidiModel.fromImage(image) });
    const { artifacts } = app.synth();
    const manifest = artifacts.find(artifact => artifact.id === 'Stack.assets') as unknown as {
      contents: { dockerImages: Record<string, { source: object }> };
    };
    expect(Object.values(manifest.contents.dockerImages)[0]!.source).toMatchObject({
      platform: Platform.LINUX_AMD64.platform,
      dockerBuildArgs: { VERSION: '1' },
      dockerFile: 'Dockerfile',
      cacheFrom: [{ type: 'gha' }],
    });
  });

  test('builds for linux/arm64 when all instance types are Arm', () => {
    const app = newApp();
    const model = BidiModel.fromImage(BidiImage.fromDirectory(imageDirectory()));
    new BidiEndpoint(newStack(undefined, app), 'Speech', { model, instanceTypes: ['ml.c7g.xlarge', 'ml.m8g.xlarge'] });
    const { artifacts } = app.synth();
    const manifest = artifacts.find(artifact => artifact.id === 'Stack.assets') as unknown as {
      contents: { dockerImages: Record<string, { source: object }> };
    };
    expect(Object.values(manifest.contents.dockerImages)[0]!.source).toMatchObject({ platform: 'linux/arm64' });
  });

  test('tells the local runner the source directory, relative to the cloud assembly, and the command', () => {
    const directory = imageDirectory();
    for (const scope of [newApp(), new Stage(newApp(), 'Prod')]) {
      const stack = new Stack(scope, 'Stack');
      const image = BidiImage.fromDirectory(directory, { file: 'Dockerfile', localCommand: ['node', 'server.js'] });
      const template = host(stack, BidiModel.fromImage(image));
      const container = containerOf(template);
      expect(container).toMatchObject({ file: 'Dockerfile', command: ['node', 'server.js'] });
      expect(path.isAbsolute(container.directory!)).toBe(false);
      expect(path.resolve(Stage.of(stack)!.outdir, container.directory!)).toBe(directory);
    }
  });

  test('refuses a Dockerfile without the label at once, for the stage and arguments of the build', () => {
    const directory = imageDirectory();
    expect(() => BidiImage.fromDirectory(directory, { target: 'other' })).toThrow(DockerfileLabelError);
    expect(() => BidiImage.fromDirectory(directory, { file: 'Missing' })).toThrow(DockerfileLabelError);
    expect(() => BidiImage.fromDirectory(directory)).not.toThrow();
  });
});

describe('BidiImage.fromRepository', () => {
  test.each([
    ['v1.2', ':v1.2'],
    [DIGEST, `@${DIGEST}`],
  ])('%s, with the right to pull it', (tagOrDigest, suffix) => {
    const stack = newStack('us-east-1');
    const repository = Repository.fromRepositoryName(stack, 'Repository', 'speech');
    const template = host(stack, BidiModel.fromImage(BidiImage.fromRepository(repository, tagOrDigest)));
    const [model] = Object.values(template.findResources('AWS::SageMaker::Model'));
    expect(JSON.stringify(model!.Properties.PrimaryContainer.Image)).toContain(`speech${suffix}`);
    expect(statementsOf(template)).toContainEqual(
      expect.objectContaining({
        Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Resource: `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/speech`,
      }),
    );
    expect(containerOf(template).imageUri).toBeDefined();
  });

  test('a tag that is known at deployment only', () => {
    const stack = newStack();
    const tag = new CfnParameter(stack, 'Tag').valueAsString;
    const repository = new Repository(stack, 'Repository');
    expect(() => host(stack, BidiModel.fromImage(BidiImage.fromRepository(repository, tag)))).not.toThrow();
  });

  test.each(['', 'v 1', '-v1', 'sha256:abc', 'a'.repeat(129)])('refuses "%s"', tagOrDigest => {
    const repository = Repository.fromRepositoryName(newStack(), 'Repository', 'speech');
    expect(() => BidiImage.fromRepository(repository, tagOrDigest)).toThrow('neither a tag');
  });

  test('refuses a repository of another region', () => {
    const stack = newStack('us-east-1');
    const repository = Repository.fromRepositoryArn(
      stack,
      'Repository',
      `arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/speech`,
    );
    expect(() => host(stack, BidiModel.fromImage(BidiImage.fromRepository(repository, 'v1')))).toThrow(
      'lies in eu-west-1',
    );
  });
});

describe('BidiImage.fromRegistryUri', () => {
  const uri = 'public.ecr.aws/docker/library/node:22';

  test('is pulled through the VPC', () => {
    const template = host(newStack(), BidiModel.fromImage(BidiImage.fromRegistryUri(uri)));
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: { Image: uri, ImageConfig: { RepositoryAccessMode: 'Vpc' } },
      VpcConfig: Match.anyValue(),
    });
    expect(statementsOf(template).flatMap(statement => statement.Action)).not.toContain('ecr:GetAuthorizationToken');
  });

  test('is refused without one', () => {
    const model = BidiModel.fromImage(BidiImage.fromRegistryUri(uri));
    expect(() => new BidiEndpoint(newStack(), 'Speech', { model })).toThrow('give the endpoint a vpc');
  });

  test.each([
    ['node:22', 'must name registry, repository and tag or digest'],
    ['public.ecr.aws/docker/library/node', 'must name registry, repository and tag or digest'],
    [`${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/speech:v1`, 'use BidiImage.fromRepository'],
  ])('refuses %s', (imageUri, violation) => {
    expect(() => BidiImage.fromRegistryUri(imageUri)).toThrow(violation);
  });
});

describe('ModelData', () => {
  test('an archive of this machine: uploaded with the stack, and that object alone may be read', () => {
    const directory = imageDirectory();
    const archive = path.join(directory, 'model.tar.gz');
    fs.writeFileSync(archive, 'a model');
    const model = BidiModel.fromImage(BidiImage.fromDirectory(directory), { modelData: ModelData.fromAsset(archive) });
    const template = host(newStack('us-east-1'), model);
    // The CDK keeps the last extension of a file only.
    const key = /[0-9a-f]{64}(\.tar)?\.gz/;
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: { ModelDataUrl: Match.stringLikeRegexp(`^s3://cdk-hnb659fds-assets-.*/${key.source}$`) },
    });
    const [read] = statementsOf(template).filter(({ Action }) => Action === 's3:GetObject');
    expect(JSON.stringify(read!.Resource)).toMatch(key);
    expect(() => ModelData.fromAsset(directory)).toThrow('must end in .tar.gz');
  });

  const bound = (data: (bucket: Bucket) => ModelData) => {
    const stack = newStack();
    const bucket = new Bucket(stack, 'Models', { encryptionKey: new Key(stack, 'Key') });
    const image = BidiImage.fromDirectory(imageDirectory());
    return host(stack, BidiModel.fromImage(image, { modelData: data(bucket), networkIsolation: true }));
  };

  test('one archive: that object may be read, decrypted, and nothing listed', () => {
    const template = bound(bucket => ModelData.fromArchive(bucket, 'nova/model.tar.gz'));
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: { ModelDataUrl: { 'Fn::Join': ['', ['s3://', Match.anyValue(), '/nova/model.tar.gz']] } },
      EnableNetworkIsolation: true,
    });
    const statements = statementsOf(template).filter(({ Action }) => /s3|kms/.test(String(Action)));
    expect(statements.map(statement => statement.Action)).toEqual(['s3:GetObject', 'kms:Decrypt']);
    expect(JSON.stringify(statements[0]!.Resource)).toContain('/nova/model.tar.gz');
  });

  test('a prefix: its objects as they are', () => {
    const template = bound(bucket => ModelData.fromPrefix(bucket, 'nova/'));
    template.hasResourceProperties('AWS::SageMaker::Model', {
      PrimaryContainer: {
        ModelDataSource: {
          S3DataSource: {
            S3DataType: 'S3Prefix',
            CompressionType: 'None',
            S3Uri: { 'Fn::Join': ['', ['s3://', Match.anyValue(), '/nova/']] },
          },
        },
      },
    });
    expect(statementsOf(template)).toContainEqual(
      expect.objectContaining({ Action: 's3:ListBucket', Condition: { StringLike: { 's3:prefix': 'nova/*' } } }),
    );
  });

  test('what cannot be meant is refused', () => {
    const bucket = Bucket.fromBucketName(newStack(), 'Models', 'models');
    expect(() => ModelData.fromArchive(bucket, 'model.zip')).toThrow('must end in .tar.gz');
    expect(() => ModelData.fromPrefix(bucket, 'nova')).toThrow('must end with a slash');
  });
});

describe('BidiModel.fromModelPackage', () => {
  test('network isolation is forced on, the package named by its ARN, and no image pulled', () => {
    const template = host(
      newStack('us-east-1'),
      BidiModel.fromModelPackage(PACKAGE_ARN, {
        environment: { DEEPGRAM_ENGINE_01: 'max_active_requests=120' },
        simulator: { directory: 'container/speech-simulator', command: ['node', 'server.js'] },
      }),
    );
    template.hasResourceProperties('AWS::SageMaker::Model', {
      EnableNetworkIsolation: true,
      PrimaryContainer: {
        ModelPackageName: PACKAGE_ARN,
        Image: Match.absent(),
        Environment: { DEEPGRAM_ENGINE_01: 'max_active_requests=120' },
      },
    });
    expect(statementsOf(template).flatMap(statement => statement.Action)).not.toContain('ecr:GetAuthorizationToken');
    const { modelPackageArn, simulator } = containerOf(template);
    expect(modelPackageArn).toBe(PACKAGE_ARN);
    expect(simulator!.command).toEqual(['node', 'server.js']);
    expect(path.isAbsolute(simulator!.directory)).toBe(false);
  });

  test.each([
    ['x', 'is not the ARN of a model package'],
    [`arn:aws:sagemaker:us-east-1:${ACCOUNT}:model/x`, 'is not the ARN of a model package'],
    ['arn:aws:sagemaker:us-east-1:12345:model-package/x', 'is not the ARN of a model package'],
    [`arn:aws:sagemaker::${ACCOUNT}:model-package/x`, 'is not the ARN of a model package'],
    [`arn:aws:sagemaker:eu-west-1:${ACCOUNT}:model-package/x`, 'lies in eu-west-1 and the stack in us-east-1'],
    [`arn:aws-cn:sagemaker:us-east-1:${ACCOUNT}:model-package/x`, 'names the partition aws-cn'],
  ])('refuses %s', (arn, violation) => {
    expect(() => host(newStack('us-east-1'), BidiModel.fromModelPackage(arn))).toThrow(violation);
  });

  test('versioned ARNs, tokens, and stacks without a region pass', () => {
    expect(() => host(newStack('us-east-1'), BidiModel.fromModelPackage(`${PACKAGE_ARN}/3`))).not.toThrow();
    expect(() => host(newStack(), BidiModel.fromModelPackage(PACKAGE_ARN))).not.toThrow();
    const stack = newStack('eu-west-1');
    expect(() => host(stack, BidiModel.fromModelPackage(new CfnParameter(stack, 'Arn').valueAsString))).not.toThrow();
  });
});

describe('environment', () => {
  const image = BidiImage.fromDirectory(imageDirectory());

  test.each<[title: string, environment: Record<string, string>, violation: string]>([
    ['a name with a dash', { 'MY-NAME': '' }, 'Environment variable "MY-NAME" must be letters'],
    ['a name with a digit first', { '1A': '' }, 'without a digit first'],
    ['a long value', { A: 'x'.repeat(1_025) }, 'has 1025 characters; at most 1024'],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`A${n}`, ''])),
      'has 101 variables; at most 100',
    ],
  ])('refuses %s, for images and packages', (_, environment, violation) => {
    expect(() => BidiModel.fromImage(image, { environment })).toThrow(violation);
    expect(() => BidiModel.fromModelPackage(PACKAGE_ARN, { environment })).toThrow(violation);
  });
});

describe('BidiImageRepository', () => {
  test('is scanned, immutable, kept, and open to the bootstrap\u2019s publishing role', () => {
    const stack = newStack('us-east-1');
    new BidiImageRepository(stack, 'Images', { repositoryName: 'speech/echo', bootstrapQualifier: 'mine' });
    Template.fromStack(stack).hasResource('AWS::ECR::Repository', {
      Properties: {
        RepositoryName: 'speech/echo',
        ImageScanningConfiguration: { ScanOnPush: true },
        ImageTagMutability: 'IMMUTABLE',
        RepositoryPolicyText: {
          Statement: [
            Match.objectLike({
              Action: Match.arrayWith(['ecr:PutImage']),
              Principal: {
                AWS: {
                  'Fn::Sub':
                    'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-mine-image-publishing-role-${AWS::AccountId}-${AWS::Region}',
                },
              },
            }),
          ],
        },
      },
      DeletionPolicy: 'Retain',
    });
  });

  test('a stack publishes its images there and runs them from there, without a copy', () => {
    const app = newApp();
    const images = new BidiImageRepository(new Stack(app, 'Images'), 'Images', { repositoryName: 'speech/echo' });
    const stack = new Stack(app, 'Stack', { synthesizer: images.synthesizer() });
    stack.addStackDependency(Stack.of(images));
    const template = host(stack, BidiModel.fromImage(BidiImage.fromDirectory(imageDirectory())));
    expect(JSON.stringify(template.findResources('AWS::SageMaker::Model'))).toContain('/speech/echo:');
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('repository/speech/echo');
    const assembly = app.synth();
    const manifest = assembly.artifacts.find(artifact => artifact.id === 'Stack.assets') as unknown as {
      contents: { dockerImages: Record<string, { destinations: Record<string, { repositoryName: string }> }> };
    };
    const [asset] = Object.values(manifest.contents.dockerImages);
    expect(Object.values(asset!.destinations).map(destination => destination.repositoryName)).toEqual(['speech/echo']);
  });

  test.each(['Speech', 'speech/', '/speech', 'a--b', ''])('refuses the name "%s"', repositoryName => {
    expect(() => new BidiImageRepository(newStack(), 'Images', { repositoryName })).toThrow(
      'must be lower-case letters',
    );
  });
});

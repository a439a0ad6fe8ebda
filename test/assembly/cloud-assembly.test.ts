import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudAssemblyError, readCloudAssembly, simulateModelPackages } from '../../lib/local';
import { temporaryDirectory } from '../local/support/local';

const METADATA = 'sagemaker-bidi-kit:container';

function write(directory: string, file: string, content: unknown): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, file), JSON.stringify(content));
}

/** A cloud assembly with one stack for each template. */
function assembly(templates: Record<string, object>, directory = temporaryDirectory()): string {
  const artifacts = Object.fromEntries(
    Object.entries(templates).map(([name, template]) => {
      write(directory, `${name}.template.json`, template);
      return [
        name,
        {
          type: 'aws:cloudformation:stack',
          environment: 'aws://unknown-account/unknown-region',
          displayName: `Stage/${name}`,
          properties: { templateFile: `${name}.template.json` },
        },
      ];
    }),
  );
  write(directory, 'manifest.json', { version: '1', artifacts });
  return directory;
}

function resources(model: object, variant: object = {}, endpoint: object = {}): Record<string, object> {
  return {
    Model: { Type: 'AWS::SageMaker::Model', ...model },
    Config: {
      Type: 'AWS::SageMaker::EndpointConfig',
      Properties: {
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] }, ...variant },
        ],
      },
    },
    Endpoint: {
      Type: 'AWS::SageMaker::Endpoint',
      Properties: { EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] }, ...endpoint },
    },
  };
}

test('the kit’s own metadata: directory, command and environment', async () => {
  const directory = assembly({
    Echo: {
      Resources: resources(
        {
          Properties: { PrimaryContainer: { Image: 'x', Environment: { PATHS: 'v1/listen', PORT: 3 } } },
          Metadata: { [METADATA]: { directory: '../container/echo', command: ['node', 'server.js'] } },
        },
        { InitialInstanceCount: 2, InitialVariantWeight: 0.5, ContainerStartupHealthCheckTimeoutInSeconds: 900 },
        { EndpointName: 'echo' },
      ),
    },
  });
  expect(await readCloudAssembly(directory)).toMatchObject([
    {
      name: 'echo',
      deployedName: 'echo',
      stack: 'Echo',
      region: undefined,
      variants: [
        {
          name: 'AllTraffic',
          instanceCount: 2,
          weight: 0.5,
          startupHealthCheckTimeoutSeconds: 900,
          model: {
            name: 'Echo-Model',
            directory: join(directory, '../container/echo'),
            file: undefined,
            command: ['node', 'server.js'],
            environment: { PATHS: 'v1/listen', PORT: '3' },
            imageUri: 'x',
            modelPackageArn: undefined,
            simulator: undefined,
          },
        },
      ],
    },
  ]);
});

test('a template that the kit did not write: an image asset leads to its directory', async () => {
  const directory = assembly({
    Own: {
      Resources: resources({
        Properties: {
          Containers: [
            {
              Image: {
                'Fn::Sub': '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/cdk-assets:abc123',
              },
            },
          ],
        },
      }),
    },
  });
  const { artifacts } = JSON.parse(
    (await import('node:fs')).readFileSync(join(directory, 'manifest.json'), 'utf8'),
  ) as { artifacts: object };
  write(directory, 'Own.assets.json', {
    dockerImages: {
      abc123: {
        source: {
          directory: 'asset.abc123',
          dockerFile: 'Dockerfile.gpu',
          dockerBuildTarget: 'serving',
          dockerBuildArgs: { MODEL: 'small' },
        },
      },
    },
  });
  write(directory, 'manifest.json', {
    artifacts: { ...artifacts, 'Own.assets': { type: 'cdk:asset-manifest', properties: { file: 'Own.assets.json' } } },
  });
  const [endpoint] = await readCloudAssembly(directory);
  expect(endpoint).toMatchObject({
    name: 'Own-Endpoint',
    variants: [
      {
        model: {
          directory: join(directory, 'asset.abc123'),
          file: 'Dockerfile.gpu',
          target: 'serving',
          buildArgs: { MODEL: 'small' },
          imageUri: {
            standIn: '000000000000.dkr.ecr.us-east-1.amazonaws.com/cdk-assets:abc123',
            because: 'The stack Own is for any account',
          },
        },
      },
    ],
  });
});

describe('conditions and imports', () => {
  test('an import from another stack of the assembly', async () => {
    const directory = assembly({
      Shared: { Outputs: { Out: { Value: 'shared', Export: { Name: 'Shared:Out' } } } },
      Stack: {
        Resources: resources({
          Properties: { PrimaryContainer: { Image: 'x', Environment: { VALUE: { 'Fn::ImportValue': 'Shared:Out' } } } },
        }),
      },
    });
    expect((await readCloudAssembly(directory))[0]!.variants[0]!.model.environment).toEqual({ VALUE: 'shared' });
  });

  test('a resource whose condition does not hold is not there', async () => {
    const all = resources({ Properties: { PrimaryContainer: { Image: 'x' } } });
    const directory = assembly({
      Stack: {
        Resources: { ...all, Endpoint: { ...all.Endpoint, Condition: 'Never' } },
        Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      },
    });
    await expect(readCloudAssembly(directory)).rejects.toThrow(/No AWS::SageMaker::Endpoint/);
  });
});

describe('stacks', () => {
  const one = { Resources: resources({ Properties: { PrimaryContainer: { Image: 'x' } } }) };

  test('by name, by path, all of them, and those of a stage', async () => {
    const directory = assembly({ One: one, Two: one });
    const names = async (stacks?: string[]) => (await readCloudAssembly(directory, { stacks })).map(({ name }) => name);
    expect(await names()).toEqual(['One-Endpoint', 'Two-Endpoint']);
    expect(await names(['Two'])).toEqual(['Two-Endpoint']);
    expect(await names(['Stage/One'])).toEqual(['One-Endpoint']);
    assembly({ Nested: one }, join(directory, 'assembly-Prod'));
    write(directory, 'manifest.json', {
      artifacts: { Prod: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-Prod' } } },
    });
    expect(await names()).toEqual(['Nested-Endpoint']);
  });

  test.each([
    ['a stack that is not there', { stacks: ['Three'] }, /no stack Three[\s\S]*It has One/],
    ['all that are not there', { stacks: ['One', 'Three', 'Four'] }, /no stack Three, Four\./],
  ])('%s', async (_, options, message) => {
    await expect(readCloudAssembly(assembly({ One: one }), options)).rejects.toThrow(message);
  });

  test('no directory, no assembly, no JSON', async () => {
    await expect(readCloudAssembly('/nowhere')).rejects.toThrow(/no directory \/nowhere/);
    const directory = temporaryDirectory();
    await expect(readCloudAssembly(directory)).rejects.toThrow(/not a cloud assembly/);
    writeFileSync(join(directory, 'manifest.json'), '{');
    await expect(readCloudAssembly(directory)).rejects.toThrow(CloudAssemblyError);
  });

  test('a config or a model of another stack', async () => {
    const { Model: _, ...rest } = resources({});
    const config = { ...rest, Config: { ...rest.Config, Properties: { ProductionVariants: [{ ModelName: 'far' }] } } };
    await expect(readCloudAssembly(assembly({ One: { Resources: config } }))).rejects.toThrow(
      /ModelName of Config in stack One names no AWS::SageMaker::Model/,
    );
  });
});

describe('model packages', () => {
  const modelPackageArn = 'arn:aws:sagemaker:us-east-1:123456789012:model-package/speech';
  const read = (metadata: object = {}) =>
    readCloudAssembly(
      assembly({
        Package: {
          Resources: resources({
            Properties: { PrimaryContainer: { ModelPackageName: modelPackageArn } },
            Metadata: { [METADATA]: { modelPackageArn, ...metadata } },
          }),
        },
      }),
    );

  test('a stand-in takes its place only when asked', async () => {
    const endpoints = await read({ simulator: { directory: 'sim', command: ['node', 'sim.js'] } });
    expect(endpoints[0]!.variants[0]!.model.command).toBeUndefined();
    const simulated = simulateModelPackages(endpoints);
    expect(simulated.simulations).toEqual([{ model: 'Package-Model', modelPackageArn }]);
    expect(simulated.endpoints[0]!.variants[0]!.model).toMatchObject({
      directory: expect.stringMatching(/sim$/),
      command: ['node', 'sim.js'],
    });
  });

  test.each([
    [{}, {}],
    [{ 'control-message-type': 'sniffed' }, { SIMULATOR_BINARY_CONTROL: 'control' }],
    [{ 'control-message-type': 'audio', 'session-limit': 'orderly-end' }, { SIMULATOR_BINARY_CONTROL: 'audio' }],
  ] as const)('a stand-in is told of the behaviour %j', async (behaviours, environment) => {
    const endpoints = await read({ simulator: { directory: 'sim', command: ['node', 'sim.js'] } });
    const { model } = simulateModelPackages(endpoints, behaviours).endpoints[0]!.variants[0]!;
    expect(model.environment).toEqual(environment);
  });

  test('without one, it is said', async () => {
    const endpoints = await read();
    expect(() => simulateModelPackages(endpoints)).toThrow(/Nothing can stand in for the model package arn:aws/);
  });
});

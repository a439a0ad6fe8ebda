import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package.json of the constructs: what jsii asks for, and what Construct Hub shows. */
export function constructsManifest(root: string): object {
  const kit = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const peers: readonly [string, string][] = Object.entries(kit.peerDependencies);
  return {
    name: 'sagemaker-bidi-constructs',
    version: kit.version,
    description: 'AWS CDK constructs for Amazon SageMaker AI bidirectional-streaming endpoints',
    license: kit.license,
    author: { name: 'The authors of sagemaker-bidi-kit', url: kit.homepage, organization: true },
    homepage: kit.homepage,
    repository: kit.repository,
    bugs: kit.bugs,
    keywords: [
      'aws',
      'aws-cdk',
      'awscdk',
      'cdk',
      'sagemaker',
      'bidirectional-streaming',
      'speech-to-text',
      'vllm',
      'deepgram',
    ],
    engines: kit.engines,
    main: 'index.js',
    types: 'index.d.ts',
    stability: 'experimental',
    jsii: {
      outdir: 'dist',
      versionFormat: 'full',
      tsc: { rootDir: '.' },
      targets: {
        python: { distName: 'sagemaker-bidi-constructs', module: 'sagemaker_bidi_constructs' },
      },
    },
    files: ['.jsii', 'index.js', 'index.d.ts', 'lib/**/*.js', 'lib/**/*.d.ts', 'container'],
    peerDependencies: kit.peerDependencies,
    // jsii compiles against the peers that it finds; it wants the lowest named here.
    devDependencies: Object.fromEntries(peers.map(([name, range]) => [name, range.replace('^', '')])),
    dependencies: { 'dockerfile-ast': kit.dependencies['dockerfile-ast'] },
    bundledDependencies: ['dockerfile-ast'],
  };
}

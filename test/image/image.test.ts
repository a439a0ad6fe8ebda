import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BatchGetImageCommand, ECRClient, GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr';
import { mockClient } from 'aws-sdk-client-mock';
import { pack } from 'tar-stream';
import { checkStatically } from '../../lib/check/static/static-check';
import { BIDIRECTIONAL_LABEL } from '../../lib/contract';
import {
  checkImage,
  ecrRegistryOf,
  ImageError,
  parseImageReference,
  readEcrImage,
  readEngineImage,
  readImageArchive,
  readOciLayoutDirectory,
  readRegistryImage,
} from '../../lib/image';
import { dockerCredentials } from '../../lib/image/registry-credentials';
import { mkdtempDisposable } from '../check/temporary-directory';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const GZIP_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

interface Configuration {
  Labels?: Record<string, string>;
  Entrypoint?: string[];
  User?: string;
  ExposedPorts?: Record<string, object>;
}

const SOUND: Configuration = {
  Labels: { [BIDIRECTIONAL_LABEL]: 'true' },
  Entrypoint: ['python3', 'server.py'],
  ExposedPorts: { '8080/tcp': {} },
};

interface Made {
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly root: { digest: string; mediaType: string; size: number };
  readonly configuration: string;
}

/** An image as a builder makes it: blobs by digest, and the descriptor of the outermost manifest. */
function make(
  config: Configuration = SOUND,
  {
    architecture = 'amd64',
    layerBytes = [1_000],
    attested = false,
  }: { architecture?: string; layerBytes?: number[]; attested?: boolean } = {},
): Made {
  const blobs = new Map<string, Buffer>();
  const add = (document: object, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    blobs.set(digest, bytes);
    return { digest, mediaType, size: bytes.length };
  };
  const configuration = add({ architecture, os: 'linux', config }, 'application/vnd.oci.image.config.v1+json');
  const layers = layerBytes.map((size, index) => ({
    mediaType: GZIP_LAYER,
    digest: `sha256:${String(index).padStart(64, '0')}`,
    size,
  }));
  const manifest = add({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: configuration, layers }, OCI_MANIFEST);
  if (!attested) return { blobs, root: manifest, configuration: configuration.digest };
  const root = add(
    {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        { ...manifest, platform: { os: 'linux', architecture } },
        {
          ...manifest,
          platform: { os: 'unknown', architecture: 'unknown' },
          annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
        },
      ],
    },
    OCI_INDEX,
  );
  return { blobs, root, configuration: configuration.digest };
}

function layoutFiles({ blobs, root }: Made): Map<string, Buffer> {
  return new Map([
    ['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ['index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [root] }))],
    ...[...blobs].map(([digest, bytes]) => [`blobs/${digest.replace(':', '/')}`, bytes] as const),
  ]);
}

function writeLayout(directory: string, made: Made): void {
  mkdirSync(join(directory, 'blobs', 'sha256'), { recursive: true });
  for (const [name, bytes] of layoutFiles(made)) writeFileSync(join(directory, name), bytes);
}

async function writeArchive(path: string, files: ReadonlyMap<string, Buffer>, gzip = false): Promise<void> {
  const archive = pack();
  for (const [name, bytes] of files) archive.entry({ name }, bytes);
  archive.finalize();
  await (gzip ? pipeline(archive, createGzip(), createWriteStream(path)) : pipeline(archive, createWriteStream(path)));
}

function caught(findings: ReturnType<typeof checkImage>): Record<string, string> {
  return Object.fromEntries(
    findings
      .filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
      .map(({ name, verdict }) => [name, verdict]),
  );
}

describe('an image in an OCI layout', () => {
  test.each<[string, Made, Record<string, string>]>([
    ['sound', make(), {}],
    ['without label', make({ ...SOUND, Labels: {} }), { 'streaming-label': 'fail' }],
    ['without entry point', make({ ...SOUND, Entrypoint: [] }), { 'entrypoint-present': 'fail' }],
    [
      'in shell form',
      make({ ...SOUND, Entrypoint: ['/bin/sh', '-c', 'python3 server.py'] }),
      { 'entrypoint-exec-form': 'fail' },
    ],
    [
      'with exec in a shell',
      make({ ...SOUND, Entrypoint: ['/bin/bash', '-ec', 'exec python3 server.py'] }),
      { 'entrypoint-exec-form': 'warn' },
    ],
    ['with tini', make({ ...SOUND, Entrypoint: ['/sbin/tini', '--', 'python3'] }), { 'entrypoint-not-tini': 'fail' }],
    ['with a user', make({ ...SOUND, User: 'nobody' }), { 'user-root': 'fail' }],
    ['with user 0', make({ ...SOUND, User: '0:0' }), {}],
    ['on another port', make({ ...SOUND, ExposedPorts: { '80/tcp': {} } }), { 'port-exposed': 'warn' }],
    ['for arm64', make(SOUND, { architecture: 'arm64' }), { platform: 'fail' }],
    ['with attestations', make(SOUND, { attested: true }), { 'single-manifest': 'fail' }],
    ['that is large', make(SOUND, { layerBytes: [9e9, 4e9] }), { 'image-size': 'warn' }],
    ['of many layers', make(SOUND, { layerBytes: Array(120).fill(10) }), { 'image-size': 'warn' }],
  ])('%s', async (_name, made, expected) => {
    using directory = mkdtempDisposable();
    writeLayout(directory.path, made);
    const findings = checkImage(await readOciLayoutDirectory(directory.path));
    expect(caught(findings)).toEqual(expected);
    expect((await checkStatically(directory.path)).findings).toEqual(findings);
  });

  test('that was changed after it was written is refused', async () => {
    using directory = mkdtempDisposable();
    const made = make();
    writeLayout(directory.path, made);
    writeFileSync(join(directory.path, 'blobs', made.configuration.replace(':', '/')), '{"config":{}}');
    await expect(readOciLayoutDirectory(directory.path)).rejects.toThrow(/does not match its digest/);
  });

  test('that is incomplete is refused', async () => {
    using directory = mkdtempDisposable();
    writeFileSync(join(directory.path, 'oci-layout'), '{}');
    await expect(readOciLayoutDirectory(directory.path)).rejects.toThrow(/does not hold index\.json/);
  });
});

describe('an archive', () => {
  test.each([false, true])('of OCI, gzip %s, is read like the layout', async gzip => {
    using directory = mkdtempDisposable();
    const path = join(directory.path, 'image.tar');
    await writeArchive(path, layoutFiles(make(SOUND, { attested: true })), gzip);
    const image = await readImageArchive(path);
    expect(image).toMatchObject({ layerCount: 1, totalBytes: 1_000, compressed: true });
    expect(caught(checkImage(image))).toEqual({ 'single-manifest': 'fail' });
    expect(checkImage(image).find(({ name }) => name === 'single-manifest')?.seen).toBe(
      'an index of linux/amd64, 1 attestation',
    );
  });

  test('of docker save is read, and cannot tell about manifests', async () => {
    using directory = mkdtempDisposable();
    const path = join(directory.path, 'image.tar');
    const layer = Buffer.alloc(2_048, 7);
    await writeArchive(
      path,
      new Map([
        ['abc/layer.tar', layer],
        ['config.json', Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: SOUND }))],
        [
          'manifest.json',
          Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: ['echo:1'], Layers: ['abc/layer.tar'] }])),
        ],
      ]),
    );
    const image = await readImageArchive(path);
    expect(image).toMatchObject({ reference: 'echo:1', layerBytes: [2_048], compressed: false });
    const findings = (await checkStatically(path)).findings;
    expect(caught([...findings])).toEqual({});
    expect(findings.find(({ name }) => name === 'single-manifest')?.verdict).toBe('skip');
  });

  test('of something else, cut short, or no archive at all is refused', async () => {
    using directory = mkdtempDisposable();
    const path = join(directory.path, 'image.tar');
    await writeArchive(path, new Map([['README', Buffer.from('hello')]]));
    await expect(readImageArchive(path)).rejects.toThrow(/holds no image/);
    writeFileSync(path, 'not a tar file, but long enough to look like one'.repeat(40));
    await expect(readImageArchive(path)).rejects.toThrow(ImageError);
  });
});

describe('an image in a registry', () => {
  let server: Server;
  let origin: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** A registry of one image that asks for a token, with its blobs behind a redirect. */
  function registry(made: Made, { password }: { password?: string } = {}): string[] {
    const asked: string[] = [];
    answer = (request, response) => {
      const url = new URL(request.url!, `http://${origin}`);
      asked.push(url.pathname);
      if (url.pathname === '/token') {
        const expected = password && `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
        if (expected && request.headers.authorization !== expected) return response.writeHead(401).end();
        expect(url.searchParams.get('scope')).toBe('repository:team/echo:pull');
        return response.end('{"token":"a-token"}');
      }
      if (url.pathname.startsWith('/storage/')) return response.end(made.blobs.get(url.pathname.slice(9)));
      if (request.headers.authorization !== 'Bearer a-token') {
        return response
          .writeHead(401, {
            'WWW-Authenticate': `Bearer realm="http://${origin}/token",service="test",scope="repository:team/echo:pull"`,
          })
          .end();
      }
      const [, kind, name] = /^\/v2\/team\/echo\/(manifests|blobs)\/(.+)$/.exec(url.pathname) ?? [];
      const digest = name === 'latest' ? made.root.digest : name!;
      const bytes = made.blobs.get(digest);
      if (!bytes) return response.writeHead(404).end();
      if (kind === 'blobs') return response.writeHead(307, { Location: `/storage/${digest}` }).end();
      expect(request.headers.accept).toContain(OCI_INDEX);
      return response
        .writeHead(200, { 'Content-Type': digest === made.root.digest ? made.root.mediaType : OCI_MANIFEST })
        .end(bytes);
    };
    return asked;
  }

  test('is read with a token, through the index, without its layers', async () => {
    const made = make(SOUND, { attested: true });
    const asked = registry(made);
    const image = await readRegistryImage(parseImageReference(`${origin}/team/echo`), {
      credentials: async () => undefined,
    });
    expect(image.manifest).toEqual({ mediaType: OCI_INDEX, indexPlatforms: ['linux/amd64'], attestations: 1 });
    expect(caught(checkImage(image))).toEqual({ 'single-manifest': 'fail' });
    expect(asked.filter(path => path.startsWith('/storage/'))).toHaveLength(1);
    const looked = await checkStatically(`${origin}/team/echo`, { pushed: true });
    expect(looked).toMatchObject({ image: `${origin}/team/echo`, findings: checkImage(image) });
  });

  test('is read with a password where one is stored', async () => {
    registry(make(), { password: 'secret' });
    const reference = parseImageReference(`${origin}/team/echo:latest`);
    const credentials = async () => ({ username: 'user', password: 'secret' });
    expect(caught(checkImage(await readRegistryImage(reference, { credentials })))).toEqual({});
    const refused = readRegistryImage(reference, {
      credentials: async () => ({ username: 'user', password: 'wrong-password' }),
    });
    await expect(refused).rejects.toThrow(/answered 401/);
    await expect(refused).rejects.not.toThrow(/wrong-password/);
  });

  test('that is not there, does not answer or lies about its digest is refused', async () => {
    const made = make();
    registry(made);
    const options = { credentials: async () => undefined, timeoutMs: 300 };
    const digest = `sha256:${'0'.repeat(64)}`;
    await expect(readRegistryImage(parseImageReference(`${origin}/team/echo:absent`), options)).rejects.toThrow(
      /answered 404/,
    );
    answer = (_request, response) => response.end(made.blobs.get(made.root.digest));
    await expect(readRegistryImage(parseImageReference(`${origin}/team/echo@${digest}`), options)).rejects.toThrow(
      /does not match its digest/,
    );
    answer = () => undefined;
    await expect(readRegistryImage(parseImageReference(`${origin}/team/echo`), options)).rejects.toThrow(
      /did not answer: TimeoutError/,
    );
    answer = (_request, response) => response.end('x'.repeat(5 * 1024 * 1024));
    await expect(
      readRegistryImage(parseImageReference(`${origin}/team/echo`), { ...options, timeoutMs: 5_000 }),
    ).rejects.toThrow(/more than 4194304 bytes/);
    await expect(readRegistryImage(parseImageReference('127.0.0.1:9/team/echo'), options)).rejects.toThrow(
      /ECONNREFUSED|bad port/,
    );
  });

  test('does not hand a password to plain HTTP elsewhere', async () => {
    answer = (_request, response) =>
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="http://tokens.example/token"' }).end();
    const credentials = async () => ({ username: 'user', password: 'secret' });
    await expect(readRegistryImage(parseImageReference(`${origin}/team/echo`), { credentials })).rejects.toThrow(
      /over plain HTTP/,
    );
  });

  test('is read from ECR by its API and the URL that it gives', async () => {
    const made = make();
    const ecr = mockClient(ECRClient);
    ecr.on(BatchGetImageCommand).resolves({
      images: [{ imageManifest: made.blobs.get(made.root.digest)!.toString(), imageManifestMediaType: OCI_MANIFEST }],
    });
    ecr
      .on(GetDownloadUrlForLayerCommand, { layerDigest: made.configuration })
      .resolves({ downloadUrl: `http://${origin}/config` });
    answer = (_request, response) => response.end(made.blobs.get(made.configuration));
    const reference = parseImageReference('123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/echo:7');
    const registryOf = ecrRegistryOf(reference)!;
    const client = new ECRClient({ region: registryOf.region });
    expect(caught(checkImage(await readEcrImage(reference, registryOf, { client })))).toEqual({});
    expect(ecr.commandCalls(BatchGetImageCommand)[0]?.args[0].input).toMatchObject({
      registryId: '123456789012',
      repositoryName: 'team/echo',
      imageIds: [{ imageTag: '7' }],
    });

    answer = (_request, response) => response.writeHead(403).end();
    // Explained without a cause: `bidi preflight` throws causes on, as what AWS itself said.
    const refused: unknown = await readEcrImage(reference, registryOf, { client }).catch(error => error);
    expect(refused).toBeInstanceOf(ImageError);
    expect((refused as ImageError).what).toContain('HTTP 403');
    expect((refused as ImageError).cause).toBeUndefined();

    ecr.on(BatchGetImageCommand).resolves({ failures: [{ failureCode: 'ImageNotFound' }] });
    await expect(readEcrImage(reference, registryOf, { client })).rejects.toThrow(/holds no image.*ImageNotFound/);
    ecr.on(BatchGetImageCommand).rejects(Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' }));
    await expect(readEcrImage(reference, registryOf, { client })).rejects.toThrow(
      /AccessDeniedException.*may not read/s,
    );
  });
});

test('the credentials are those that docker login stored', async () => {
  using directory = mkdtempDisposable();
  const auth = Buffer.from('user:pass:word').toString('base64');
  writeFileSync(
    join(directory.path, 'config.json'),
    JSON.stringify({
      auths: { 'a.b': { auth }, 'https://index.docker.io/v1/': { auth } },
      credHelpers: { 'c.d': 'absent' },
    }),
  );
  process.env.DOCKER_CONFIG = directory.path;
  try {
    const expected = { username: 'user', password: 'pass:word' };
    expect(await dockerCredentials('a.b')).toEqual(expected);
    expect(await dockerCredentials('docker.io')).toEqual(expected);
    expect(await dockerCredentials('c.d')).toBeUndefined();
    expect(await dockerCredentials('e.f')).toBeUndefined();
    process.env.DOCKER_CONFIG = join(directory.path, 'absent');
    expect(await dockerCredentials('a.b')).toBeUndefined();
  } finally {
    delete process.env.DOCKER_CONFIG;
  }
});

test('an image that an engine keeps is read from the engine', async () => {
  using directory = mkdtempDisposable();
  const inspected = [
    {
      Architecture: 'amd64',
      Os: 'linux',
      Size: 5e7,
      Config: { ...SOUND, User: 'app' },
      RootFS: { Layers: ['a', 'b'] },
      Descriptor: { mediaType: OCI_INDEX },
    },
  ];
  writeFileSync(join(directory.path, 'inspected.json'), JSON.stringify(inspected));
  const engines = ['absent', 'docker', 'podman'].map(engine => join(directory.path, engine));
  for (const engine of ['docker', 'podman']) {
    // Podman alone has the image; the other says that it does not.
    const script =
      engine === 'podman' ? `[ "$3" = echo:1 ] && exec cat "${directory.path}/inspected.json"; exit 1` : 'exit 1';
    writeFileSync(join(directory.path, engine), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const image = await readEngineImage('echo:1', engines);
  expect(image).toMatchObject({ layerCount: 2, totalBytes: 5e7, compressed: false });
  expect(caught(checkImage(image!))).toEqual({ 'user-root': 'fail', 'single-manifest': 'fail' });
  expect(await readEngineImage('other:1', engines)).toBeUndefined();
});

test.each<[string, object]>([
  ['node', { registry: 'docker.io', repository: 'library/node', tag: 'latest' }],
  ['team/echo:7', { registry: 'docker.io', repository: 'team/echo', tag: '7' }],
  ['localhost:5000/a/b__c', { registry: 'localhost:5000', repository: 'a/b__c', tag: 'latest' }],
  [
    'public.ecr.aws/docker/library/node:24-slim',
    { registry: 'public.ecr.aws', repository: 'docker/library/node', tag: '24-slim' },
  ],
  [`a.b/c@sha256:${'1'.repeat(64)}`, { registry: 'a.b', repository: 'c', digest: `sha256:${'1'.repeat(64)}` }],
])('%s is taken apart as an engine does', (text, expected) => {
  expect(parseImageReference(text)).toEqual({ text, ...expected });
});

test.each(['', 'Node', 'a b', 'https://a.b/c', 'a:', '-a'])('"%s" is no name of an image', text => {
  expect(() => parseImageReference(text)).toThrow(ImageError);
});

test.each([
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a', 'cn-north-1'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a', 'us-gov-west-1'],
  ['123456789012.dkr-ecr.us-east-1.on.aws/a', 'us-east-1'],
  ['public.ecr.aws/a/b', undefined],
])('%s is of region %s', (text, region) => {
  expect(ecrRegistryOf(parseImageReference(text))?.region).toBe(region);
});

test('a target that is nothing is told as such', async () => {
  using directory = mkdtempDisposable();
  await expect(checkStatically(directory.path)).rejects.toThrow(/There is no .*Dockerfile/);
  await expect(checkStatically('./absent')).rejects.toThrow(/looks like a path/);
});

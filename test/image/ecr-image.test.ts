import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ecrRegistryOf } from '../../lib/contract';
import { checkImage, ImageError, parseImageReference, readEcrImage } from '../../lib/image';
import { FakeAws, ServiceError } from '../fake-aws';
import { caught, type Made, make, OCI_INDEX, OCI_MANIFEST, SOUND } from './made-image';

const reference = parseImageReference('123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/echo:7');
const registry = ecrRegistryOf(reference.registry)!;
let ecr: FakeAws;
let client: ECRClient;

/** Amazon S3 in the place where ECR's download links point. */
let storage: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  ecr = await FakeAws.start();
  client = new ECRClient(ecr.options);
  storage = createServer((request, response) => answer(request, response));
  await new Promise<void>(resolve => storage.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  client.destroy();
  await ecr[Symbol.asyncDispose]();
  storage.closeAllConnections();
  storage.close();
});
beforeEach(() => ecr.reset());

/** Puts an image into the registry: manifests by the API, the configuration behind a link. */
function push(made: Made): void {
  ecr.on('BatchGetImage', ({ imageIds }) => {
    const [{ imageDigest = made.root.digest }] = imageIds as [{ imageDigest?: string }];
    return {
      images: [
        {
          imageManifest: made.blobs.get(imageDigest)?.toString(),
          imageManifestMediaType: imageDigest === made.root.digest ? made.root.mediaType : OCI_MANIFEST,
        },
      ],
    };
  });
  const { port } = storage.address() as AddressInfo;
  ecr.on('GetDownloadUrlForLayer', ({ layerDigest }) => ({ downloadUrl: `http://127.0.0.1:${port}/${layerDigest}` }));
  answer = (request, response) => response.end(made.blobs.get(request.url!.slice(1)));
}

const read = () => readEcrImage(reference, registry, { client });

test.each<[string, Made, Record<string, string>]>([
  ['sound', make(), {}],
  ['without label', make({ ...SOUND, Labels: {} }), { 'streaming-label': 'fail' }],
  ['without entry point', make({ ...SOUND, Entrypoint: [] }), { 'entrypoint-present': 'fail' }],
  [
    'in shell form',
    make({ ...SOUND, Entrypoint: ['/bin/sh', '-c', 'python3 server.py'] }),
    { 'entrypoint-exec-form': 'fail' },
  ],
  ['with exec in a shell', make({ ...SOUND, Entrypoint: ['/bin/bash', '-ec', 'exec python3 server.py'] }), {}],
  [
    'with a program that refuses "serve"',
    make({ ...SOUND, Entrypoint: ['uvicorn', 'app:app'] }),
    { 'entrypoint-takes-serve': 'fail' },
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
  push(made);
  expect(caught(checkImage(await read()))).toEqual(expected);
});

test('the image is read through its index, without its layers', async () => {
  push(make(SOUND, { attested: true }));
  const image = await read();
  expect(image.manifest).toEqual({ mediaType: OCI_INDEX, indexPlatforms: ['linux/amd64'], attestations: 1 });
  expect(ecr.inputsOf('GetDownloadUrlForLayer')).toHaveLength(1);
  expect(ecr.inputsOf('BatchGetImage')[0]).toMatchObject({
    registryId: '123456789012',
    repositoryName: 'team/echo',
    imageIds: [{ imageTag: '7' }],
  });
});

test('what ECR and S3 refuse is explained', async () => {
  push(make());
  answer = (_request, response) => response.writeHead(403).end();
  // Explained without a cause: `bidi preflight` throws causes on, as what AWS itself said.
  const refused: unknown = await read().catch(error => error);
  expect(refused).toBeInstanceOf(ImageError);
  expect((refused as ImageError).what).toContain('HTTP 403');
  expect((refused as ImageError).cause).toBeUndefined();

  ecr.on('BatchGetImage', { failures: [{ failureCode: 'ImageNotFound' }] });
  await expect(read()).rejects.toThrow(/holds no image.*ImageNotFound/);
  ecr.on('BatchGetImage', new ServiceError('AccessDeniedException', 'not authorized'));
  await expect(read()).rejects.toThrow(/AccessDeniedException.*may not read/s);
});

describe('a hostile document', () => {
  const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const sound = make();
  const manifest = (fields: object): Made => {
    const bytes = Buffer.from(JSON.stringify(fields));
    const root = { digest: digestOf(bytes), mediaType: OCI_MANIFEST, size: bytes.length };
    return { ...sound, root, blobs: new Map([...sound.blobs, [root.digest, bytes]]) };
  };
  const configuration = (document: unknown): Made => {
    const bytes = Buffer.from(JSON.stringify(document));
    const made = manifest({ config: { digest: digestOf(bytes) }, layers: [] });
    return { ...made, blobs: new Map([...made.blobs, [digestOf(bytes), bytes]]) };
  };

  test.each<[string, Made, RegExp]>([
    [
      'a digest that is a path',
      manifest({ config: { digest: 'sha256:../../etc/passwd' }, layers: [] }),
      /no sha256 or sha512 digest/,
    ],
    [
      'a digest of an unknown algorithm',
      manifest({ config: { digest: `md5:${'0'.repeat(32)}` }, layers: [] }),
      /no sha256 or sha512 digest/,
    ],
    [
      'a digest that is too short',
      manifest({ config: { digest: 'sha256:00' }, layers: [] }),
      /no sha256 or sha512 digest/,
    ],
    ['layers that are no list', manifest({ config: { digest: sound.configuration }, layers: 7 }), /list/],
    ['an entry of null', manifest({ manifests: [null] }), /no sha256 or sha512 digest/],
    ['too many layers', manifest({ layers: Array(1_001).fill({ digest: sound.configuration }) }), /at most 1000/],
    ['a list as the manifest', manifest([1, 2]), /not a JSON object/],
    ['a number as the configuration', configuration(7), /not a JSON object/],
    ['an entry point that is no list of words', configuration({ config: { Entrypoint: [1] } }), /entry point/],
  ])('%s is refused as damaged', async (_name, made, message) => {
    push(made);
    await expect(read()).rejects.toThrow(ImageError);
    await expect(read()).rejects.toThrow(message);
  });

  test('labels, ports and a user of another shape count as absent', async () => {
    push(configuration({ os: 7, config: { Labels: [1], ExposedPorts: 'x', User: {} } }));
    expect((await read()).configuration).toEqual({
      labels: {},
      entrypoint: [],
      user: '',
      exposedPorts: [],
      platform: 'unknown/unknown',
    });
  });

  test('content that its digest does not promise is refused', async () => {
    push(sound);
    answer = (_request, response) => response.end('{"config":{}}');
    await expect(read()).rejects.toThrow(/does not match its digest/);
  });

  test('a body without end is read up to the bound', async () => {
    push(sound);
    let sentBytes = 0;
    answer = (_request, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const more = () => {
        while (!response.destroyed && sentBytes < 1e9) {
          sentBytes += chunk.length;
          if (response.write(chunk)) continue;
          response.once('drain', more);
          return;
        }
      };
      more();
    };
    await expect(read()).rejects.toThrow(/more than 4194304 bytes/);
    expect(sentBytes).toBeLessThan(100e6);
  });
});

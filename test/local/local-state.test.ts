import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type LocalState,
  localStateDirectory,
  readLocalStates,
  removeLocalState,
  writeLocalState,
} from '../../lib/local/local-state';

const state = (port: number, startedAt: string, processId = process.pid): LocalState => ({
  url: `https://localhost:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  endpoints: [{ name: 'echo', stack: 'EchoBidiStack' }],
  processId,
  startedAt,
});

let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  environment = { XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'local-state-')) };
});
afterEach(() => rmSync(environment.XDG_CACHE_HOME!, { recursive: true, force: true }));

describe('the state files of a local SageMaker', () => {
  it('are not there before one runs', () => {
    expect(readLocalStates(environment)).toEqual([]);
    removeLocalState('https://localhost:8443', environment);
  });

  it('come back as written, newest first, and go one by one', () => {
    writeLocalState(state(8443, '2026-01-01T10:00:00Z'), environment);
    writeLocalState(state(9443, '2026-01-01T11:00:00Z'), environment);
    expect(readLocalStates(environment).map(({ url }) => url)).toEqual([
      'https://localhost:9443',
      'https://localhost:8443',
    ]);
    expect(readLocalStates(environment)[0]).toEqual(state(9443, '2026-01-01T11:00:00Z'));
    removeLocalState('https://localhost:9443', environment);
    expect(readLocalStates(environment).map(({ url }) => url)).toEqual(['https://localhost:8443']);
  });

  it('are for this user alone, and leave no unfinished file beside them', () => {
    const file = writeLocalState(state(8443, '2026-01-01T10:00:00Z'), environment);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(localStateDirectory(environment))).toEqual(['8443.json']);
  });

  it('of a process that is gone, and broken ones, are passed over', () => {
    const gone = 2 ** 22 + 1; // above the largest process id of any platform's default
    const file = writeLocalState(state(8443, '2026-01-01T10:00:00Z', gone), environment);
    writeFileSync(join(localStateDirectory(environment), '1.json'), '{"url":');
    expect(existsSync(file)).toBe(true);
    expect(readLocalStates(environment)).toEqual([]);
  });
});

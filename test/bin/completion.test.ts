import { execFileSync, spawnSync } from 'node:child_process';
import { completionScript } from '../../bin/completion-script';
import { program } from '../../bin/program';

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** What bash offers for the last of the words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', program())}
COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_bidi; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
}

(has('bash') ? describe : describe.skip)('completion in bash', () => {
  it('offers the commands', () => {
    expect(offered('bidi', '')).toEqual(
      expect.arrayContaining(['transcribe', 'invoke', 'speak', 'completion', '--help']),
    );
    expect(offered('bidi', 'tr')).toEqual(['transcribe']);
  });

  it('offers the options of a command, and the values of an option', () => {
    expect(offered('bidi', 'transcribe', '--sa')).toEqual(['--sample-rate']);
    expect(offered('bidi', 'transcribe', '--encoding', '')).toEqual(['linear16', 'mulaw', 'alaw']);
    expect(offered('bidi', 'speak', '--output', '--')).not.toContain('--sample-rat');
    expect(offered('bidi', 'completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });
});

describe('completion in zsh and fish', () => {
  it.each(['zsh', 'fish'] as const)('%s knows every command and every option', shell => {
    const script = completionScript(shell, program());
    for (const command of program().commands) {
      expect(script).toContain(command.name());
      for (const { long } of command.options)
        if (long) expect(script).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : `${long}[`);
    }
    if (shell === 'zsh') {
      const repeated = ['--query', '--context', '-c', '--env', '-e', '--build-arg', '--fault'];
      for (const flag of repeated) expect(script).toContain(`'*${flag}[`);
      expect(script).not.toContain("'*--port[");
    }
    if (has(shell)) expect(spawnSync(shell, ['-n'], { input: script }).status).toBe(0);
  });
});

import { existsSync, readdirSync } from 'node:fs';

/** Where the platform puts the model's files. */
const MODEL_DIRECTORY = '/opt/ml/model';

/** Signals with which a container is stopped. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How the container was started, and by what it is being stopped. Names of environment variables, never their values. */
export class ProcessReport {
  readonly signals: { readonly signal: string; readonly at: string }[] = [];
  private readonly listeners = new Set<(signal: string) => void>();

  /** Takes note of the signals that reach the process. For the container's own program: a listener keeps a process alive. */
  watchSignals(): this {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        this.signals.push({ signal, at: new Date().toISOString() });
        for (const listener of this.listeners) listener(signal);
      });
    }
    return this;
  }

  /** Calls back at each signal until the returned function is called. */
  onSignal(listener: (signal: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  toJSON() {
    return {
      arguments: process.argv.slice(2),
      environment: Object.keys(process.env).sort(),
      pid: process.pid,
      parentPid: process.ppid,
      user: process.getuid?.(),
      workingDirectory: process.cwd(),
      node: process.version,
      architecture: process.arch,
      startedAt: new Date(Date.now() - process.uptime() * 1000),
      modelFiles: existsSync(MODEL_DIRECTORY) ? readdirSync(MODEL_DIRECTORY).length : undefined,
      signals: this.signals,
    };
  }
}

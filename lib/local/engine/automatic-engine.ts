import type { ModelDefinition } from '../../assembly/endpoint-definition';
import { localValue } from '../../assembly/value';
import type { RunningContainer } from '../../contract';
import { ContainerStartError } from '../local-errors';
import type { ContainerEngine, ContainerLine, ContainerStart } from './container-engine';
import { DockerEngine, detectDockerCommand } from './docker-engine';
import { ProcessEngine } from './process-engine';

/**
 * Chooses for each model: a process where the template names a command, which needs no image and starts at once; else the first
 * container engine that answers on this machine.
 */
export class AutomaticEngine implements ContainerEngine {
  /** `automatic` */
  readonly name = 'automatic';
  private readonly process = new ProcessEngine();
  private docker: Promise<DockerEngine | undefined> | undefined;

  async prepare(model: ModelDefinition, onLine: (line: ContainerLine) => void): Promise<void> {
    await (await this.engineOf(model)).prepare?.(model, onLine);
  }

  async start(start: ContainerStart): Promise<RunningContainer> {
    return (await this.engineOf(start.model)).start(start);
  }

  private async engineOf(model: ModelDefinition): Promise<ContainerEngine> {
    if (model.command) return this.process;
    this.docker ??= detectDockerCommand().then(command => command && new DockerEngine(command));
    const docker = await this.docker;
    if (docker) return docker;
    throw new ContainerStartError(
      model.modelPackageArn && !model.imageUri
        ? {
            what: `Model ${model.name} is the model package ${localValue(model.modelPackageArn)}, which cannot run on this machine.`,
            why: 'A Marketplace package runs on the platform only.',
            next: 'Run what stands in for it: npx bidi local --simulate STACK.',
          }
        : {
            what: `Model ${model.name} needs a container engine, and none answers on this machine.`,
            why: 'The template names no command that runs it as a process; docker, podman and finch were asked.',
            next: 'Start one of them, or name the command that runs it: bidi local --command, or `localCommand` of BidiImage.fromDirectory.',
          },
    );
  }
}

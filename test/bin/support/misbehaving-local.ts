import { LocalModels } from './local-models';

/** A local SageMaker in a process of its own, to be killed. Prints the directory in which the commands find it. */
void LocalModels.startMisbehaving('misbehaving').then(({ directory }) => process.stdout.write(directory));

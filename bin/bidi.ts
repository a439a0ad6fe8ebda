import { program } from './program';
import { runProgram } from './run-program';

void runProgram(program());

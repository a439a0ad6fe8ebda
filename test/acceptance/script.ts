import type { Script } from './play-script';
import { CHANGING } from './steps/changing';
import { DEPLOYING } from './steps/deploying';
import { ENDING } from './steps/ending';
import { STREAMING } from './steps/streaming';

/** The acceptance, from preflight to destroy. */
export const ACCEPTANCE: Script = { steps: [...DEPLOYING, ...STREAMING, ...CHANGING], ending: ENDING };

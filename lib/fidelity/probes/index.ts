import type { Probe } from '../probe';
import { CLOSING_PROBES } from './closing';
import { DEEPGRAM_PROBES } from './deepgram';
import { FRAME_PROBES } from './frames';
import { INVOCATION_PROBES } from './invocations';
import { NETWORK_PROBES } from './network';
import { OPENING_PROBES } from './opening';
import { PING_PROBES } from './pings';
import { REFUSAL_PROBES } from './refusals';
import { SIGNATURE_PROBES } from './signatures';
import { SIZE_PROBES } from './sizes';

/** Every probe, in the order of the report. */
export const PROBES: readonly Probe[] = [
  ...FRAME_PROBES,
  ...DEEPGRAM_PROBES,
  ...SIZE_PROBES,
  ...PING_PROBES,
  ...OPENING_PROBES,
  ...CLOSING_PROBES,
  ...REFUSAL_PROBES,
  ...SIGNATURE_PROBES,
  ...INVOCATION_PROBES,
  ...NETWORK_PROBES,
];

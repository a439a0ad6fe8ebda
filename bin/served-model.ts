import { DeepgramProducts, type ServedModel, type SpeechProtocol } from '../lib/contract';
import type { FoundEndpoint } from './stream-target';
import { UsageError } from './usage-error';

/** The commands for speech, with the protocols whose models they can talk to and Deepgram's models of the kind. */
const KINDS = {
  transcribe: {
    protocols: ['deepgram', 'vllm', 'nim'],
    products: [DeepgramProducts.nova3, DeepgramProducts.flux],
    other: 'speak',
  },
  speak: {
    protocols: ['deepgram', 'vllm-omni'],
    products: [DeepgramProducts.aura2, DeepgramProducts.fluxTts],
    other: 'transcribe',
  },
} as const;

/** Protocols of `--protocol` of a command. */
export function protocolsOf(command: keyof typeof KINDS): readonly SpeechProtocol[] {
  return KINDS[command].protocols;
}

/**
 * The model to talk to: as the options name it, else as the stack or the local SageMaker tells it, else one of Deepgram's.
 *
 * @throws UsageError when it is of the other kind
 */
export function servedModel(
  command: keyof typeof KINDS,
  options: { readonly protocol?: SpeechProtocol; readonly model?: string },
  { endpointName, serves }: FoundEndpoint,
): ServedModel {
  const { protocols, products, other } = KINDS[command];
  const protocol = options.protocol ?? serves?.protocol ?? 'deepgram';
  if (!(protocols as readonly SpeechProtocol[]).includes(protocol)) {
    throw new UsageError({
      what: `${endpointName} serves a ${protocol} model, which \`bidi ${command}\` cannot use.`,
      why: `This command knows ${protocols.join(', ')}.`,
      next: `Use \`bidi ${other}\`, or name the protocol with --protocol.`,
    });
  }
  const isServed = serves?.protocol === protocol;
  // The simulator of a listen stack speaks too, with a model of its own.
  const isOfKind =
    protocol !== 'deepgram' ||
    products.some(({ modelPattern }) => serves?.modelName && new RegExp(modelPattern).test(serves.modelName));
  const modelName = options.model ?? (isServed && isOfKind ? serves?.modelName : undefined);
  return {
    protocol,
    ...(modelName !== undefined && { modelName }),
    ...(isServed && serves?.maxModelLen !== undefined && { maxModelLen: serves.maxModelLen }),
  };
}

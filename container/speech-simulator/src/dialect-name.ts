/** The names by which dialects are chosen. */
export const DIALECT_NAMES = ['deepgram', 'vllm', 'vllm-omni', 'nim'] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];

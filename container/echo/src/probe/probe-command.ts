import { isSendableCloseCode } from './close-reason';

/** Longest payload that a probe may be told to send, in bytes. */
const SEND_LIMIT_BYTES = 16 * 1024 * 1024;

/** Longest time that a probe may be told to wait before it answers a close frame, in milliseconds. */
const LINGER_LIMIT_MS = 60_000;

/** One frame that a probe is told to send. */
export interface FrameToSend {
  readonly opcode: 'text' | 'binary';
  /** Whether it is the last of its message. */
  readonly fin: boolean;
  readonly payload: Buffer;
}

/** A command to a probe, as a text message of JSON; see container/echo/README.md. */
export type ProbeCommand =
  | { readonly probe: 'report'; readonly session?: string }
  | { readonly probe: 'send'; readonly frames: readonly FrameToSend[] }
  | { readonly probe: 'ping'; readonly payload: Buffer }
  | { readonly probe: 'pongs'; readonly answer: boolean }
  | { readonly probe: 'close'; readonly code: number | undefined; readonly reason: string }
  | { readonly probe: 'linger'; readonly ms: number; readonly text: string }
  | { readonly probe: 'cut' };

/** Reads a command. A message that does not begin with `{"probe":` is no command and is only recorded. */
export function readProbeCommand(text: string): ProbeCommand | { readonly fault: string } | undefined {
  if (!text.startsWith('{"probe":')) return undefined;
  try {
    return read(JSON.parse(text) as Record<string, unknown>);
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

function read(json: Record<string, unknown>): ProbeCommand {
  switch (json.probe) {
    case 'report':
      return { probe: 'report', session: json.session === undefined ? undefined : String(json.session) };
    case 'send':
      if (!Array.isArray(json.frames)) throw new Error('"send" needs an array "frames".');
      return { probe: 'send', frames: json.frames.map(readFrame) };
    case 'ping':
      return { probe: 'ping', payload: Buffer.from(String(json.data ?? '')).subarray(0, 125) };
    case 'pongs':
      return { probe: 'pongs', answer: json.answer !== false };
    case 'close':
      if (json.code !== undefined && !isSendableCloseCode(json.code)) {
        throw new Error(`"close" cannot send the code ${json.code}.`);
      }
      return { probe: 'close', code: json.code, reason: String(json.reason ?? '') };
    case 'linger':
      if (!(typeof json.ms === 'number' && json.ms >= 0 && json.ms <= LINGER_LIMIT_MS)) {
        throw new Error(`"linger" needs "ms" from 0 to ${LINGER_LIMIT_MS}.`);
      }
      return { probe: 'linger', ms: json.ms, text: String(json.text ?? '') };
    case 'cut':
      return { probe: 'cut' };
    default:
      throw new Error(`There is no command "${json.probe}".`);
  }
}

function readFrame(entry: unknown): FrameToSend {
  const { opcode = 'text', fin = true, text, base64, size } = (entry ?? {}) as Record<string, unknown>;
  if (opcode !== 'text' && opcode !== 'binary') throw new Error(`A frame's opcode is text or binary, not "${opcode}".`);
  if (
    size !== undefined &&
    !(Number.isInteger(size) && (size as number) >= 0 && (size as number) <= SEND_LIMIT_BYTES)
  ) {
    throw new Error(`A frame's size is from 0 to ${SEND_LIMIT_BYTES} bytes.`);
  }
  const payload =
    size !== undefined
      ? Buffer.alloc(size as number, 'a')
      : typeof base64 === 'string'
        ? Buffer.from(base64, 'base64')
        : Buffer.from(String(text ?? ''));
  return { opcode, fin: fin !== false, payload };
}

import {
  METADATA_STREAM_PATH,
  METERING_RECORD_INTERVAL_MS,
  METERING_RECORD_LIMIT_BYTES,
  MeteringHeader,
  type MeteringRecord,
} from '../../contract';
import { type Frame, Opcode } from '../../wire/frame';
import type { FrameSocket } from '../../wire/frame-socket';
import type { Clock } from '../clock';

/** The metering that the container's upgrade response offers, or undefined. */
export interface MeteringOffer {
  /** Path of the metadata stream, with a leading slash. */
  readonly target: string;
  /** Whether the session must not go on without it. */
  readonly isRequired: boolean;
}

export function meteringOffer(responseHeaders: FrameSocket['responseHeaders']): MeteringOffer | undefined {
  const header = (name: string): string | undefined => {
    const value = responseHeaders[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  };
  const isRequired = header(MeteringHeader.STREAM_REQUIRED)?.toLowerCase() === 'true';
  if (!isRequired && header(MeteringHeader.STREAM_SUPPORTED)?.toLowerCase() !== 'true') return undefined;
  const path = header(MeteringHeader.INVOCATION_PATH) ?? METADATA_STREAM_PATH;
  return { target: `/${path.replace(/^\//, '')}`, isRequired };
}

/** Milliseconds that the metadata stream may stay open after its session, for the last record. */
const LAST_RECORD_MS = 1_000;

/** Milliseconds by which a record may come early and still count: timers of the container are no better. */
const INTERVAL_TOLERANCE_MS = 50;

/** The companion stream of one session, on which its container reports the usage. */
export class MeteringStream {
  readonly totals: Record<string, number> = {};
  /** Records that broke a rule and were dropped, as the platform drops them. */
  dropped = 0;
  private readonly tokens = new Set<string>();
  private readonly ended: Promise<void>;
  private lastRecordAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly socket: FrameSocket,
    private readonly clock: Clock,
  ) {
    this.ended = new Promise(resolve => {
      socket.listen({
        onFrame: frame => this.onFrame(frame),
        onEnd: () => resolve(),
        onPong() {},
        onDrain() {},
      });
    });
  }

  /** Asks the container to end the stream and waits for its last records. */
  async close(): Promise<void> {
    this.socket.close();
    let deadline: NodeJS.Timeout | undefined;
    await Promise.race([
      this.ended,
      new Promise<void>(resolve => {
        deadline = setTimeout(resolve, LAST_RECORD_MS);
      }),
    ]);
    clearTimeout(deadline);
    this.socket.destroy();
  }

  private onFrame(frame: Frame): void {
    const record = meteringRecord(frame);
    const now = performance.now();
    const isEarly = now - this.lastRecordAt < this.clock.realMs(METERING_RECORD_INTERVAL_MS - INTERVAL_TOLERANCE_MS);
    if (!record || isEarly || this.tokens.has(record.ClientToken)) {
      this.dropped += 1;
      return;
    }
    this.lastRecordAt = now;
    this.tokens.add(record.ClientToken);
    this.totals[record.Dimension] = (this.totals[record.Dimension] ?? 0) + record.ConsumedUnits;
  }
}

function meteringRecord({ opcode, fin, payload }: Frame): MeteringRecord['Metering'] | undefined {
  if (opcode !== Opcode.TEXT || !fin || payload.length > METERING_RECORD_LIMIT_BYTES) return undefined;
  try {
    const { Metering } = JSON.parse(Buffer.from(payload).toString()) as { Metering?: Record<string, unknown> };
    const { Dimension, ConsumedUnits, ClientToken } = Metering ?? {};
    if (typeof Dimension !== 'string' || typeof ClientToken !== 'string') return undefined;
    if (typeof ConsumedUnits !== 'number' || !Number.isFinite(ConsumedUnits) || ConsumedUnits < 0) return undefined;
    return { Dimension, ConsumedUnits, ClientToken };
  } catch {
    return undefined;
  }
}

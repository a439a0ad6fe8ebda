/**
 * Usage metering: the optional companion stream on which a container reports what a session consumed.
 *
 * Source: SageMaker AI developer guide, "Container contract to support bidirectional streaming capabilities".
 */

/** Headers of the upgrade request and response that settle metering. */
export const MeteringHeader = {
  /** Response: `true` asks the platform to open the metadata stream. */
  STREAM_SUPPORTED: 'X-Amzn-SageMaker-Metadata-Stream-Supported',
  /** Response: `true` makes a metadata stream that cannot be opened fatal for the session. */
  STREAM_REQUIRED: 'X-Amzn-SageMaker-Metadata-Stream-Required',
  /** Response: another path than {@link METADATA_STREAM_PATH}. */
  INVOCATION_PATH: 'X-Amzn-SageMaker-Metadata-Invocation-Path',
  /** Request: the same value on both sockets of one session. */
  REQUEST_ID: 'X-Amzn-SageMaker-Request-Id',
} as const;

/** Path of the metadata stream unless the container names another. */
export const METADATA_STREAM_PATH = 'invocations-bidirectional-stream-metadata';

/** Longest metering record, in bytes of one text frame. */
export const METERING_RECORD_LIMIT_BYTES = 512;

/** Shortest time between two metering records of one session, in milliseconds. */
export const METERING_RECORD_INTERVAL_MS = 1_000;

/** One metering record: the payload of one text frame. */
export interface MeteringRecord {
  readonly Metering: {
    /** What was consumed, as the model's listing names it. */
    readonly Dimension: string;
    /** How much of it since the last record. */
    readonly ConsumedUnits: number;
    /** Unique to the record, so that it is counted once. */
    readonly ClientToken: string;
  };
}

import { DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { endpointLogGroup } from '../../contract';
import type { Answer, ControlPlane } from '../aws';

/** The log of an endpoint's containers. */
export interface EndpointLog {
  readonly group: string;
  /** Whether the group is there; a stack may have made it ahead. */
  readonly groupExists: boolean;
  /** Streams with events, one an instance: none means that no container ever started. At most the newest {@link STREAMS_READ}. */
  readonly streams: number;
  /** Last lines of the newest streams, oldest first. */
  readonly lines: readonly string[];
}

/** How many streams are read: the containers of an endpoint fail alike. */
const STREAMS_READ = 3;

/** How many lines of each stream are read. */
const LINES_READ = 25;

/** Reads the end of an endpoint's log. `since` leaves out streams that are silent since then: those of an earlier deployment. */
export async function readEndpointLog(
  plane: ControlPlane,
  endpointName: string,
  since?: Date,
): Promise<Answer<EndpointLog>> {
  const group = endpointLogGroup(endpointName);
  const streams = await plane.ask('logs:DescribeLogStreams', abortSignal =>
    plane.cloudWatchLogs.send(
      new DescribeLogStreamsCommand({
        logGroupName: group,
        orderBy: 'LastEventTime',
        descending: true,
        limit: STREAMS_READ,
      }),
      { abortSignal },
    ),
  );
  if (streams.kind === 'absent') {
    return { kind: 'answered', value: { group, groupExists: false, streams: 0, lines: [] } };
  }
  if (streams.kind !== 'answered') return streams;
  const names = (streams.value.logStreams ?? [])
    .filter(stream => stream.firstEventTimestamp !== undefined)
    .filter(stream => (stream.lastEventTimestamp ?? 0) >= (since?.getTime() ?? 0))
    .flatMap(stream => stream.logStreamName ?? []);
  const lines: string[] = [];
  for (const logStreamName of names.toReversed()) {
    const events = await plane.ask('logs:GetLogEvents', abortSignal =>
      plane.cloudWatchLogs.send(
        new GetLogEventsCommand({ logGroupName: group, logStreamName, limit: LINES_READ, startFromHead: false }),
        { abortSignal },
      ),
    );
    if (events.kind === 'answered') lines.push(...(events.value.events ?? []).map(event => event.message!.trimEnd()));
    else if (events.kind !== 'absent') return events;
  }
  return { kind: 'answered', value: { group, groupExists: true, streams: names.length, lines } };
}

import { endpointLogGroup } from './hosting';
import { partitionOf } from './region';

/** The console's page of an endpoint, or `undefined` where the region's partition has no public console. */
export function endpointConsoleUrl(endpointName: string, region: string): string | undefined {
  const home = consoleHome('sagemaker', region);
  return home && `${home}#/endpoints/${encodeURIComponent(endpointName)}`;
}

/** The console's page of an endpoint's logs, or `undefined` where the region's partition has no public console. */
export function endpointLogsConsoleUrl(endpointName: string, region: string): string | undefined {
  const home = consoleHome('cloudwatch', region);
  // The page decodes its fragment twice, with `$` in the place of the outer `%`.
  const group = encodeURIComponent(encodeURIComponent(endpointLogGroup(endpointName))).replaceAll('%', '$');
  return home && `${home}#logsV2:log-groups/log-group/${group}`;
}

function consoleHome(service: string, region: string): string | undefined {
  const host = partitionOf(region)?.consoleHost;
  return host && `https://${region}.${host}/${service}/home?region=${region}`;
}

/** The name, in the account, of the stack that deploys a container under an endpoint's name. */
export function containerStackName(endpointName: string): string {
  return `ContainerStack-${endpointName}`;
}

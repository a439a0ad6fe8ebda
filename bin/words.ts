/** The words of a command as a shell would part them, without a shell: quotes group, nothing expands. */
export function words(command: string): string[] {
  const found: readonly string[] = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return found.map(word => word.replace(/^(["'])(.*)\1$/, '$2'));
}

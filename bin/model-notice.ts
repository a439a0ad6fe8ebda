/** Notices of a model beside its answers: a simulator's that its words are scripted, or a model's that it ignored a parameter. */
function noticesOf(message: { readonly type: string }): string[] {
  const { type, warnings, notice } = message as { type: string; warnings?: unknown; notice?: unknown };
  if (type !== 'Metadata' && type !== 'Connected') return [];
  const warned = Array.isArray(warnings)
    ? warnings.map(warning => (warning as { message?: unknown } | null)?.message)
    : [];
  return [notice, ...warned].filter(text => typeof text === 'string' && text !== '') as string[];
}

/** Prints each notice once, however often a resumed stream repeats it. */
export class NoticePrinter {
  private readonly said = new Set<string>();

  /** @param print takes one notice that was not printed before. */
  constructor(private readonly print: (notice: string) => void) {}

  message(message: { readonly type: string }): void {
    for (const notice of noticesOf(message)) {
      if (this.said.has(notice)) continue;
      this.said.add(notice);
      this.print(notice);
    }
  }
}

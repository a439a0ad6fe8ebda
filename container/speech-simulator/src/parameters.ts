/** A wrong query parameter; Deepgram refuses the upgrade with 400. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

/** The query of an upgrade, read as Deepgram documents its parameters. */
export class Parameters {
  constructor(private readonly query: URLSearchParams) {}

  /** Names that the query holds. */
  names(): string[] {
    return [...new Set(this.query.keys())];
  }

  text(name: string): string | undefined {
    return this.query.get(name) ?? undefined;
  }

  /** @throws ParameterError when it is missing or not of the pattern */
  required(name: string, pattern: RegExp, example: string): string {
    const value = this.query.get(name);
    if (value === null) throw new ParameterError(`missing field \`${name}\`, expected for example \`${example}\``);
    if (!pattern.test(value)) {
      throw new ParameterError(`unknown value \`${value}\` of \`${name}\`, expected for example \`${example}\``);
    }
    return value;
  }

  oneOf(name: string, values: readonly string[]): string | undefined {
    const value = this.query.get(name);
    if (value === null || values.includes(value)) return value ?? undefined;
    throw new ParameterError(`unknown variant \`${value}\` of \`${name}\`, expected one of ${values.join(', ')}`);
  }

  number(name: string, min: number, max: number): number | undefined {
    const text = this.query.get(name);
    if (text === null) return undefined;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new ParameterError(`invalid value \`${text}\` of \`${name}\`, expected a number from ${min} to ${max}`);
  }

  flag(name: string): boolean {
    return this.oneOf(name, ['true', 'false']) === 'true';
  }
}

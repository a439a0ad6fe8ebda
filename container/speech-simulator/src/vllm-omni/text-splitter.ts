/** Ends of sentences, and of clauses: a mark of the kind and the space after it. */
const BOUNDARIES = { sentence: /[.!?。！？]+["'”’)]*(?:\s+|$)/u, clause: /[.!?,;:。！？，；、]+["'”’)]*(?:\s+|$)/u };

/** Cuts text that arrives in pieces into the units that are spoken one after the other. */
export class TextSplitter {
  private text = '';

  /** @param granularity `none` keeps everything until the flush */
  constructor(private readonly granularity: 'none' | 'sentence' | 'clause') {}

  /** Takes more text. A unit is complete when text follows its end. */
  feed(text: string): string[] {
    this.text += text;
    if (this.granularity === 'none') return [];
    const units: string[] = [];
    for (;;) {
      const match = BOUNDARIES[this.granularity].exec(this.text);
      const end = match ? match.index + match[0].length : this.text.length;
      if (end === this.text.length) return units;
      units.push(this.text.slice(0, end).trim());
      this.text = this.text.slice(end);
    }
  }

  /** The remaining text. */
  flush(): string[] {
    const rest = this.text.trim();
    this.text = '';
    return rest === '' ? [] : [rest];
  }
}

/** A text in which each AWS account id reads `<account>`. */
export function withoutAccount(text: string): string {
  return text.replace(/(?<!\d)\d{12}(?!\d)/g, '<account>');
}

/** Codes that may stand in a close frame (RFC 6455, sections 7.4.1 and 7.4.2; 1012 to 1014 are registered with IANA). */
export function isSendableCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

/** A reason is so long at most, in UTF-8: what a close frame holds beside its code (RFC 6455, section 5.5). */
const maxReasonBytes = 123;

/** Whether an end may close a WebSocket so: 0 stands for a close without a code (RFC 6455, section 7.4). */
export function isCloseable(code: number, reason: string): boolean {
  if (code === 0) return reason === "";
  const known = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  return known && utf8.encode(reason).length <= maxReasonBytes;
}

const utf8 = new TextEncoder();

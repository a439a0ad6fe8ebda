/** What the steps of a session are, in words and bytes. */

/** The payload that is kept of a step; undefined where none is. */
export function payloadOf({ base64 }) {
  return base64 === undefined ? undefined : bytesOf(base64);
}

/** Bytes from base64; none where it is not base64. */
export function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** Whether all of a message is kept. */
export function isWhole(step) {
  return step.bytes === 0 || (step.base64 !== undefined && payloadOf(step).length === step.bytes);
}

/** The JSON object that a text message holds; undefined for every other. */
export function jsonOf(step) {
  if (step.dataType !== 'UTF8' || step.base64 === undefined) return undefined;
  const content = text(payloadOf(step));
  if (!content.startsWith('{')) return undefined;
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

export function text(held) {
  return new TextDecoder().decode(held);
}

export function hexadecimal(held) {
  return [...held].map(each => each.toString(16).padStart(2, '0')).join(' ');
}

/** A step in a line of words. */
export function describe(step) {
  step.described ??= describeStep(step);
  return step.described;
}

function describeStep(step) {
  switch (step.type) {
    case 'message': {
      const held = payloadOf(step);
      if (held === undefined) return step.bytes === 0 ? '(empty)' : '(payload not kept)';
      return step.dataType === 'UTF8' ? text(held).slice(0, 500) : hexadecimal(held.subarray(0, 24));
    }
    case 'input-ended':
      return 'The client ended its input.';
    case 'ping':
      return 'A ping went to the container.';
    case 'pong':
      return 'The container answered a ping.';
    case 'paused':
      return step.direction === 'received'
        ? 'The container does not read: the client is held back.'
        : 'The client does not read: the container is held back.';
    case 'resumed':
      return step.direction === 'received' ? 'The container reads again.' : 'The client reads again.';
    case 'closed':
      return step.code === 1006
        ? 'The container is gone without a close frame (1006).'
        : `The container closed its WebSocket with code ${step.code}${step.reason ? `: ${step.reason}` : ''}.`;
    default:
      return `${step.error}: ${step.message}`;
  }
}

import { element } from './element.mjs';

/** The three sentences of a failure as nodes; none where there is none. */
export function explanation(given) {
  if (!given) return [];
  const { what, why, next } = given;
  return [
    element(
      'div',
      { class: 'explanation', role: 'alert' },
      element('p', {}, what),
      ...(why ? [element('p', {}, `Why: ${why}`)] : []),
      ...(next ? [element('p', {}, `Next: ${next}`)] : []),
    ),
  ];
}

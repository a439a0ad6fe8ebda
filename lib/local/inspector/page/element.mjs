/**
 * Makes an element. Text is always set as text, so nothing that a stream carried is read as markup.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [properties] attributes; a function is a listener of that event.
 * @param {...(Node | string)} children
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/** Sets the text of a node where it differs, so that a selection in it survives. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function bytes(count) {
  if (count < 1_024) return `${count} B`;
  return count < 1_048_576 ? `${(count / 1_024).toFixed(1)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
}

export function duration(ms) {
  if (ms === undefined) return '';
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** A colour of the style sheet as a canvas takes it: canvases know no custom properties and no light-dark(). */
export function colorOf(name) {
  const probe = element('span', {});
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Hands a text to the user as a file. */
export function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Copies a text. @returns what to tell the user. */
export async function copied(content) {
  try {
    await navigator.clipboard.writeText(content);
    return 'Copied.';
  } catch {
    return 'The browser does not let the page copy.';
  }
}

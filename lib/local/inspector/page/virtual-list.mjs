import { element } from './element.mjs';

const ROW_HEIGHT = 32;
/** Rows drawn above and below those in sight. */
const MARGIN = 8;

/** A list of any length that draws only the rows in sight. Arrow keys move, Enter opens. */
export class VirtualList {
  /**
   * @param {string} label name for screen readers.
   * @param {(item: object) => (Node | string)[]} cells
   * @param {(item: object) => void} onOpen called for the row that is chosen.
   */
  constructor(label, cells, onOpen) {
    this.items = [];
    this.selected = -1;
    this.cells = cells;
    this.onOpen = onOpen;
    this.rows = element('div', { class: 'rows' });
    this.node = element(
      'div',
      {
        class: 'list',
        role: 'listbox',
        tabindex: '0',
        'aria-label': label,
        scroll: () => this.schedule(),
        keydown: event => this.onKey(event),
      },
      this.rows,
    );
    new ResizeObserver(() => this.schedule()).observe(this.node);
  }

  get isAtEnd() {
    return this.node.scrollTop + this.node.clientHeight >= this.node.scrollHeight - ROW_HEIGHT;
  }

  setItems(items) {
    const chosen = this.items[this.selected];
    this.items = items;
    this.selected = chosen ? items.indexOf(chosen) : -1;
    this.schedule();
  }

  scrollToEnd() {
    this.rows.style.height = `${this.items.length * ROW_HEIGHT}px`;
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Draws once in the next frame, however much changed. */
  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.min(
      this.items.length,
      Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW_HEIGHT) + MARGIN,
    );
    const drawn = [];
    for (let index = first; index < last; index += 1) drawn.push(this.row(index));
    this.rows.style.height = `${this.items.length * ROW_HEIGHT}px`;
    this.rows.replaceChildren(...drawn);
    if (this.selected >= first && this.selected < last)
      this.node.setAttribute('aria-activedescendant', `row-${this.selected}`);
    else this.node.removeAttribute('aria-activedescendant');
  }

  row(index) {
    const row = element(
      'div',
      {
        class: 'row',
        role: 'option',
        id: `row-${index}`,
        'aria-selected': index === this.selected ? 'true' : 'false',
        'aria-setsize': this.items.length,
        'aria-posinset': index + 1,
        click: () => this.select(index, true),
      },
      ...this.cells(this.items[index]),
    );
    row.style.top = `${index * ROW_HEIGHT}px`;
    return row;
  }

  select(index, opens) {
    this.selected = index;
    const top = index * ROW_HEIGHT;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + ROW_HEIGHT > this.node.scrollTop + this.node.clientHeight) {
      this.node.scrollTop = top + ROW_HEIGHT - this.node.clientHeight;
    }
    this.schedule();
    if (opens) this.onOpen(this.items[index]);
  }

  onKey(event) {
    const last = this.items.length - 1;
    const page = Math.max(1, Math.floor(this.node.clientHeight / ROW_HEIGHT));
    const to = {
      ArrowDown: this.selected + 1,
      ArrowUp: this.selected - 1,
      PageDown: this.selected + page,
      PageUp: this.selected - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      this.select(Math.min(last, Math.max(0, to)), false);
    } else if (event.key === 'Enter' && this.selected >= 0) {
      this.onOpen(this.items[this.selected]);
    }
  }
}

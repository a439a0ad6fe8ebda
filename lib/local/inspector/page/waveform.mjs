import { colorOf, element, setText } from './element.mjs';
import { COLUMNS_PER_SECOND } from './session-audio.mjs';

/** Height of the drawn audio, in pixels. One column is one pixel wide. */
const HEIGHT = 72;
/** Rows in which words stand, so that neighbours do not cover each other. */
const WORD_ROWS = 3;
/** Pixels of a letter, for the place that a word takes. */
const LETTER = 8;
/** Pixels beyond the strip's edges in which words are drawn. */
const MARGIN = 200;

/** Audio as a strip to scroll through, with the words under it at their times. Draws what is in sight. */
export class Waveform {
  constructor() {
    this.canvas = element('canvas', { 'aria-hidden': 'true' });
    this.words = element('div', { class: 'words' });
    this.inside = element('div', { class: 'strip-inside' }, this.canvas, this.words);
    this.strip = element(
      'div',
      {
        class: 'strip',
        tabindex: '0',
        role: 'group',
        'aria-label': 'Waveform and words',
        scroll: () => this.schedule(),
      },
      this.inside,
    );
    this.note = element('p', { class: 'quiet' });
    this.transcript = element('p', { class: 'transcript' });
    this.node = element(
      'section',
      { 'aria-label': 'Audio', hidden: true },
      element('h3', {}, 'Audio'),
      this.note,
      this.strip,
      this.transcript,
    );
    this.resizing = new ResizeObserver(() => this.schedule());
    this.resizing.observe(this.strip);
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.onScheme = () => this.schedule();
    this.scheme.addEventListener('change', this.onScheme);
  }

  close() {
    this.resizing.disconnect();
    this.scheme.removeEventListener('change', this.onScheme);
  }

  show(audio) {
    this.audio = audio;
    this.node.hidden = !audio.isPresent;
    if (!audio.isPresent) return;
    const isAtEnd = this.strip.scrollLeft + this.strip.clientWidth >= this.strip.scrollWidth - 8;
    setText(this.note, audio.description);
    setText(this.transcript, audio.words.map(({ text }) => text).join(' '));
    this.inside.style.width = `${Math.ceil(audio.seconds * COLUMNS_PER_SECOND)}px`;
    if (isAtEnd && this.hasShown) this.strip.scrollLeft = this.strip.scrollWidth;
    this.hasShown = true;
    this.schedule();
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.audio?.isPresent) this.draw();
    });
  }

  draw() {
    const { lows, highs } = this.audio;
    const left = this.strip.scrollLeft;
    const width = this.strip.clientWidth;
    const scale = devicePixelRatio;
    this.canvas.width = width * scale;
    this.canvas.height = HEIGHT * scale;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${HEIGHT}px`;
    const context = this.canvas.getContext('2d');
    context.scale(scale, scale);
    context.fillStyle = colorOf('--line');
    context.fillRect(0, HEIGHT / 2, width, 1);
    context.fillStyle = colorOf(this.audio.direction === 'received' ? '--received' : '--sent');
    const first = Math.floor(left);
    for (let column = first; column < Math.min(lows.length, first + width); column += 1) {
      const low = lows[column];
      const high = highs[column];
      // A column of samples that are not kept is left out.
      if (Number.isNaN(low) || low === undefined) continue;
      const top = HEIGHT / 2 - (high * HEIGHT) / 2;
      context.fillRect(column - left, top, 1, Math.max(1, ((high - low) * HEIGHT) / 2));
    }
    this.drawWords(left - MARGIN, left + width + MARGIN);
  }

  drawWords(from, to) {
    this.placeWords();
    const drawn = [];
    for (const { text, start, left, row } of this.placed) {
      if (left < from || left > to) continue;
      const word = element('span', { class: 'word', title: `${start.toFixed(2)} s` }, text);
      word.style.left = `${left}px`;
      word.style.top = `${row * 20}px`;
      drawn.push(word);
    }
    this.words.replaceChildren(...drawn);
  }

  /** Gives each new word the row that is free first; a word for which none is free stands behind its neighbour. */
  placeWords() {
    const { words } = this.audio;
    if (this.placedOf !== words) {
      this.placedOf = words;
      this.placed = [];
      this.rowEnds = Array(WORD_ROWS).fill(0);
    }
    for (const { text, start } of words.slice(this.placed.length)) {
      const at = start * COLUMNS_PER_SECOND;
      const free = this.rowEnds.findIndex(end => end <= at);
      const row = free >= 0 ? free : this.rowEnds.indexOf(Math.min(...this.rowEnds));
      const left = Math.max(at, this.rowEnds[row]);
      this.rowEnds[row] = left + (text.length + 1) * LETTER;
      this.placed.push({ text, start, left, row });
    }
  }
}

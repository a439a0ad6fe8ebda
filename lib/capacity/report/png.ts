import type { CapacityResult } from '../capacity';
import { capacityCharts } from './capacity-report';
import { renderCharts } from './line-chart';

/** Pixels of the picture for one of the chart. */
const SCALE = 2;

/**
 * The charts as PNG, for places that take no SVG; `undefined` where the optional package `@resvg/resvg-js` is not installed. Letters
 * need a font on this machine.
 */
export function renderPng(result: CapacityResult): Uint8Array | undefined {
  let resvg: typeof import('@resvg/resvg-js');
  try {
    resvg = require('@resvg/resvg-js') as typeof resvg;
  } catch {
    return undefined;
  }
  const picture = new resvg.Resvg(renderCharts(capacityCharts(result)), { fitTo: { mode: 'zoom', value: SCALE } });
  return picture.render().asPng();
}

import type { RuleRef } from '../../../src/mapping/preview-result.js';
import { markAsRule } from './rule-color.editor.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels, as in the style sheet. */
export const ROW = 28;
export const GAP = 38;
const HEAD = 5;

export interface Line {
  ref: RuleRef;
  /** The rows that it joins. */
  from: number;
  to: number;
  /** Whether it has an arrowhead at either end. */
  headAtStart: boolean;
  headAtEnd: boolean;
}

/** The lines in the gap between two columns. Their positions follow from the rows, so nothing has to be measured. */
export function linesSvg(lines: Line[], rows: number): SVGElement {
  const svg = svgElement('svg', { width: String(GAP), height: String(rows * ROW), 'aria-hidden': 'true' });
  for (const line of lines) {
    const [y1, y2] = [middle(line.from), middle(line.to)];
    const [x1, x2] = [line.headAtStart ? HEAD : 0, GAP - (line.headAtEnd ? HEAD : 0)];
    const group = svgElement('g', { class: 'switchboard-line' });
    group.append(svgElement('path', { d: `M${x1} ${y1} C${GAP / 2} ${y1} ${GAP / 2} ${y2} ${x2} ${y2}` }));
    if (line.headAtStart) group.append(head(0, y1, 1));
    if (line.headAtEnd) group.append(head(GAP, y2, -1));
    markAsRule(group, [line.ref]);
    svg.append(group);
  }
  return svg;
}

export function svgElement(name: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function middle(row: number): number {
  return (row + 0.5) * ROW;
}

function head(x: number, y: number, way: 1 | -1): SVGElement {
  return svgElement('polygon', { points: `${x},${y} ${x + way * 7},${y - 4} ${x + way * 7},${y + 4}` });
}

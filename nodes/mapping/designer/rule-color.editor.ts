import type { RuleRef } from '../../../src/mapping/preview-result.js';

/** Far apart for neighbours, and never the same twice within a mapping (the golden angle, in degrees). */
const TURN = 137.5;

export function tokenOf({ table, rule }: RuleRef): string {
  return `${table}-${rule}`;
}

/** Marks an element as a rule's: it takes the rule's colour, and is lit with all else that is the rule's. */
export function belong(element: Element, refs: RuleRef[]): void {
  element.setAttribute('data-rules', refs.map(tokenOf).join(' '));
  const first = refs[0];
  if (first) (element as HTMLElement | SVGElement).style.setProperty('--turn', `${Math.round(first.rule * TURN) % 360}deg`);
}

/** Lights whatever belongs to a rule while the pointer or the focus is on one part of it. */
export function lightTogether(root: HTMLElement): void {
  const light = (event: Event) => {
    const found = (event.target as Element).closest?.('[data-rules]');
    const tokens = (found?.getAttribute('data-rules') ?? '').split(' ').filter(Boolean);
    for (const lit of root.querySelectorAll('.switchboard-lit')) lit.classList.remove('switchboard-lit');
    for (const token of tokens)
      for (const part of root.querySelectorAll(`[data-rules~="${token}"]`)) part.classList.add('switchboard-lit');
  };
  root.addEventListener('mouseover', light);
  root.addEventListener('focusin', light);
  root.addEventListener('mouseleave', light);
}

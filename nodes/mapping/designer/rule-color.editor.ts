import type { RuleRef } from '../../../src/mapping/preview-result.js';

/** Golden angle in degrees: neighbours get very different colours, and no colour repeats within a mapping. */
const TURN = 137.5;

export function tokenOf({ table, rule }: RuleRef): string {
  return `${table}-${rule}`;
}

/** Marks an element as part of a rule: it gets the rule's colour, and is highlighted with the other parts. */
export function markAsRule(element: Element, refs: RuleRef[]): void {
  element.setAttribute('data-rules', refs.map(tokenOf).join(' '));
  const first = refs[0];
  if (first) (element as HTMLElement | SVGElement).style.setProperty('--turn', `${Math.round(first.rule * TURN) % 360}deg`);
}

/** Highlights all parts of a rule while the pointer or the focus is on one of them. */
export function highlightTogether(root: HTMLElement): void {
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

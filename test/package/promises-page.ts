import type { Transitions } from '../../src/store/transitions.js';

/** A table of transitions as a diagram: one arrow for each pair of states, with its events. */
export function stateDiagram(table: Transitions<string>): string {
  const events = new Map<string, string[]>();
  for (const [from, row] of Object.entries(table))
    for (const [event, states] of Object.entries(row))
      for (const to of [states].flat()) {
        const arrow = `${from === 'new' ? '[*]' : from} --> ${to}`;
        events.set(arrow, [...(events.get(arrow) ?? []), event]);
      }
  const arrows = [...events].map(([arrow, names]) => `  ${arrow}: ${names.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n');
}

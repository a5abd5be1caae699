import { h } from './dom.js';
import { text, toLabel } from './text.js';

/** ServiceNow's order states with the canonical state that determines their colour. */
const CANONICAL: Record<string, string> = {
  new: 'acknowledged',
  draft: 'acknowledged',
  submitted: 'acknowledged',
  awaiting_information: 'pending',
  on_hold: 'held',
  canceled: 'cancelled',
  cancellation_in_progress: 'pendingCancellation',
};

/** The canonical state of either system's state. */
export const canonical = (state: unknown) =>
  CANONICAL[text(state)] ?? text(state).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** A state in the colour of its meaning; `word`: how its own system calls it. */
export const stateChip = (state: unknown, word = state) => h('span', { class: `chip ${canonical(state)}` }, toLabel(word));

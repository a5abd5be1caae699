import type { Node, NodeStatusFill, NodeStatusShape } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { shownLine } from './log.js';

/** Fill and shape of our nodes' status. */
const LOOKS = {
  ok: ['green', 'dot'],
  busy: ['blue', 'dot'],
  waiting: ['yellow', 'ring'],
  warning: ['yellow', 'dot'],
  error: ['red', 'ring'],
  off: ['grey', 'ring'],
} as const satisfies Record<string, [NodeStatusFill, NodeStatusShape]>;
type Look = keyof typeof LOOKS;

/** Longest status text, in characters, that is readable in the editor. */
export const MAX_TEXT = 60;
/** Milliseconds between two updates of one node's status, because each update is sent to every open editor. */
const UPDATE_INTERVAL = 200;

const pending = new WeakMap<Node, { timer?: NodeJS.Timeout; next?: () => void; last: string }>();
const countdowns = new WeakMap<Node, NodeJS.Timeout>();

/** The end of a status text: what needs a user's attention; '' if nothing does. */
export function attentionText({ failed, undecided, warned }: { failed: number; undecided: number; warned: number }): string {
  const decisions = undecided === 1 ? say`1 needs a decision` : say`${undecided} need a decision`;
  const parts = [failed && say`${failed} failed`, undecided && decisions, warned && say`${warned} with warnings`];
  return parts.map((part) => (part ? `, ${part}` : '')).join('');
}

/** Shows a status that counts down to `at` (epoch milliseconds) every second, until another status is shown. */
export function countDown(node: Node, look: Look, at: number, text: (when: string) => string): void {
  const seconds = Math.ceil((at - Date.now()) / 1000);
  show(node, look, text(seconds > 0 ? say`in ${seconds} s` : say`now`));
  if (seconds <= 0) return;
  if (!countdowns.has(node)) node.on('close', () => clearTimeout(countdowns.get(node)));
  const timer = setTimeout(() => countDown(node, look, at, text), ((at - Date.now()) % 1000) + 10);
  countdowns.set(node, timer.unref());
}

/** Shows an error without the name of the node or endpoint at its start, so that the short text says what is wrong. */
export function showError(node: Node, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const place = error instanceof SwitchboardError && error.where ? `${error.where}: ` : '';
  show(node, 'error', text.startsWith(place) ? text.slice(place.length) : text);
}

/** Clears what an earlier instance of a node showed, which the editor keeps until another status is set. */
export function clearFormer(node: Node): void {
  if (!pending.has(node)) node.status({});
}

/** Clears a status that says that the node cannot work. */
export function clearError(node: Node): void {
  const state = pending.get(node);
  if (!state?.last.startsWith('error|') || state.next) return;
  state.last = '';
  node.status({});
}

/** Cut at a word. */
function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const end = text.slice(0, MAX_TEXT).lastIndexOf(' ');
  return `${text.slice(0, end > MAX_TEXT / 2 ? end : MAX_TEXT - 1).replace(/[,;:.]$/, '')}…`;
}

/** Shows a node's status. Repeated and too frequent updates are dropped, but the last one is always shown. */
export function show(node: Node, look: Look, text: string): void {
  clearTimeout(countdowns.get(node));
  const [fill, shape] = LOOKS[look];
  const short = shortened(shownLine(text));
  const key = `${look}|${short}`;
  const state = pending.get(node) ?? { last: '' };
  pending.set(node, state);
  if (state.last === key) {
    state.next = undefined;
    return;
  }
  const apply = () => {
    state.last = key;
    node.status({ fill, shape, text: short });
  };
  if (state.timer) {
    state.next = apply;
    return;
  }
  apply();
  state.timer = setTimeout(() => {
    state.timer = undefined;
    const next = state.next;
    state.next = undefined;
    next?.();
  }, UPDATE_INTERVAL);
  state.timer.unref();
}

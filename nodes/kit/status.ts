import type { Node, NodeStatusFill, NodeStatusShape } from 'node-red';

/** The vocabulary of our nodes' status; the text says the rest. */
const LOOKS = {
  ok: ['green', 'dot'],
  busy: ['blue', 'dot'],
  waiting: ['yellow', 'ring'],
  warning: ['yellow', 'dot'],
  error: ['red', 'ring'],
  off: ['grey', 'ring'],
} as const satisfies Record<string, [NodeStatusFill, NodeStatusShape]>;

/** Editors show about this much before a status becomes unreadable. */
const MOST_TEXT = 60;
/** Milliseconds between two updates of one node's status: every editor gets each of them. */
const QUIET = 200;

const pending = new WeakMap<Node, { timer?: NodeJS.Timeout; next?: () => void; last: string }>();

/** Shows a node's status; repeated and too frequent updates are left out, the last one always arrives. */
export function show(node: Node, look: keyof typeof LOOKS, text: string): void {
  const [fill, shape] = LOOKS[look];
  const short = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text;
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
  }, QUIET);
  state.timer.unref();
}

import type { NodeAPI } from 'node-red';
import { setFlowsStopped } from '../../src/delivery/flow-state.js';
import { beginNodeTrouble } from '../../src/delivery/node-troubles.js';
import { say } from '../../src/text/say.js';
import type { FlowNode } from './flow-graph.js';
import { shownName } from './shown-name.js';

/** Node-RED's notice that its flows run, or why they do not. */
interface RuntimeState {
  id: string;
  payload?: { state?: string; error?: string; types?: string[]; modules?: { module: string }[] };
}

const watched = new WeakSet<object>();

/** Keeps track of whether the flows of a runtime run, with all their Switchboard nodes. To be called before they start. */
export function watchFlowState(RED: NodeAPI): void {
  if (watched.has(RED.events)) return;
  watched.add(RED.events);
  let ends: (() => void)[] = [];
  RED.events.on('flows:stopping', () => setFlowsStopped(say`The flows are stopped, or are being deployed.`));
  RED.events.on('flows:started', ({ config }: { config?: { flows?: FlowNode[] } } = {}) => {
    setFlowsStopped(undefined);
    for (const end of ends) end();
    ends = expected(config?.flows ?? [])
      .filter(({ id }) => !RED.nodes.getNode(id))
      .map(({ id, name, type }) =>
        beginNodeTrouble({
          id,
          name: shownName({ name, type }),
          type,
          reason: say`The node was not started. The log of Node-RED says why.`,
        }),
      );
  });
  RED.events.on('runtime-event', ({ id, payload }: RuntimeState) => {
    if (id !== 'runtime-state' || !payload?.error) return;
    const missing = payload.types ?? payload.modules?.map(({ module }) => module) ?? [];
    setFlowsStopped(say`The flows cannot start: ${[payload.error, ...missing].join(', ')}.`);
  });
}

/** The Switchboard nodes that run in flows: none that are disabled, nor those of subflows, which run as copies. */
function expected(nodes: FlowNode[]): FlowNode[] {
  const idle = new Set(nodes.filter(({ type, disabled }) => type === 'subflow' || disabled).map(({ id }) => id));
  return nodes.filter(({ type, d, z = '' }) => type.startsWith('switchboard-') && !d && !idle.has(z));
}

import type { IntakeFlow } from '../../src/delivery/flow-choice.js';
import { FORMS } from '../../src/endpoints/forms.js';
import { shownName } from './shown-name.js';

/** What the graph reads of a node in a flow file. */
export interface FlowNode {
  id: string;
  type: string;
  name?: string;
  /** The tab or subflow it is on. */
  z?: string;
  /** It is disabled. */
  d?: boolean;
  /** Of a tab. */
  disabled?: boolean;
  /** Ids of the nodes that each output is wired to. */
  wires?: string[][];
  /** Of link nodes: the ids of the link nodes at the other end. */
  links?: string[];
  /** Of a subflow: the nodes behind its inputs, and those whose outputs are its outputs. */
  in?: { wires: { id: string }[] }[];
  out?: { wires: { id: string; port: number }[] }[];
  endpoint?: string;
  entityType?: string;
  /** Of an in node. */
  newOnly?: string;
}

const INSTANCE = /^subflow:(.+)$/;
const firstTypes = new Map(FORMS.map(({ id, entityTypes }) => [id, entityTypes[0] ?? '']));

/** The wires of a flow file: which in nodes lead to which out nodes, also through link nodes and subflows. Pure. */
export class FlowGraph {
  private readonly nodes = new Map<string, FlowNode>();
  /** Ids of the nodes behind each node, where no wire of its own says so. */
  private readonly behind = new Map<string, string[]>();

  /** @param nodes the nodes of the flow file, in its order */
  constructor(nodes: Iterable<FlowNode>) {
    for (const node of nodes) this.nodes.set(node.id, node);
    for (const { id, type, links = [], in: inputs = [], out: outputs = [] } of this.nodes.values()) {
      if (type === 'link in') for (const from of links) this.connect(from, id);
      if (type === 'link out' || type === 'link call') for (const to of links) this.connect(id, to);
      const instances = type === 'subflow' ? [...this.nodes.values()].filter((node) => INSTANCE.exec(node.type)?.[1] === id) : [];
      for (const instance of instances) {
        for (const { wires } of inputs) for (const first of wires) this.connect(instance.id, first.id);
        for (const [port, { wires }] of outputs.entries())
          for (const last of wires) for (const next of instance.wires?.[port] ?? []) this.connect(last.id, next);
      }
    }
  }

  /** The in nodes of an endpoint and record type, in the order of the flow file; those of subflows are left out. */
  inNodes(endpoint: string, entityType: string): IntakeFlow[] {
    return [...this.nodes.values()]
      .filter((node) => {
        const system = systemIn(node, 'in');
        if (system === undefined || node.endpoint !== endpoint) return false;
        return (node.entityType || firstTypes.get(system)) === entityType && this.nodes.get(node.z ?? '')?.type !== 'subflow';
      })
      .map((node) => ({
        node: node.id,
        name: shownName(node),
        condition: node.newOnly ?? '',
        leadsTo: this.leadsTo(node.id),
        isDisabled: !this.isEnabled(node),
      }));
  }

  /** The endpoints of the out nodes behind a node; if it is disabled, of those it would lead to if all were enabled. */
  leadsTo(from: string): Set<string> {
    const endpoints = new Set<string>();
    const seen = new Set([from]);
    const start = this.nodes.get(from);
    const isEnabled = start === undefined || this.isEnabled(start);
    for (const id of seen) {
      const node = this.nodes.get(id);
      if (!node || (isEnabled && !this.isEnabled(node))) continue;
      if (systemIn(node, 'out') !== undefined) {
        // What an out node emits is another message: the partner's answer.
        if (node.endpoint) endpoints.add(node.endpoint);
        continue;
      }
      for (const next of [...(node.wires ?? []).flat(), ...(this.behind.get(id) ?? [])]) seen.add(next);
    }
    return endpoints;
  }

  private isEnabled({ d, z }: FlowNode): boolean {
    return !d && !this.nodes.get(z ?? '')?.disabled;
  }

  private connect(from: string, to: string): void {
    this.behind.set(from, [...(this.behind.get(from) ?? []), to]);
  }
}

/** The system of an in or out node; undefined for any other node. */
function systemIn({ type }: FlowNode, kind: 'in' | 'out'): string | undefined {
  const [, system, end] = /^switchboard-(.+)-(in|out)$/.exec(type) ?? [];
  return end === kind && firstTypes.has(system ?? '') ? system : undefined;
}

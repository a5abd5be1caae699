import type { Node, NodeAPI } from 'node-red';
import type { IntakeFlow } from '../../src/delivery/flow-choice.js';
import { FlowGraph, type FlowNode } from './flow-graph.js';
import { withEnvironment } from './settings.js';
import { shownName } from './shown-name.js';

/** The flows of a runtime, as they were deployed last. */
class DeployedFlows {
  private graph: FlowGraph | undefined;
  private started: Promise<void> = Promise.resolve();
  /** Resolves `started` while a deploy is under way. */
  private start: (() => void) | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly RED: NodeAPI) {
    // The first node asks while it is started.
    this.begin();
    RED.events.on('flows:stopping', () => this.begin());
    RED.events.on('flows:starting', () => this.begin());
    RED.events.on('flows:started', () => {
      this.graph = undefined;
      this.start?.();
      this.start = undefined;
      for (const listener of this.listeners) listener();
    });
  }

  /** Resolves when all nodes of a deploy have started; at once if none is under way. */
  whenStarted(): Promise<void> {
    return this.started;
  }

  /** Calls back after each deploy. Returns a function that removes the listener. */
  onStarted(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The in nodes of the flow file for the endpoint and record type of an in node, which is one of them. */
  beside(node: Node, endpoint: string, entityType: string): IntakeFlow[] {
    this.graph ??= new FlowGraph(this.nodes());
    const all = this.graph.inNodes(endpoint, entityType);
    if (all.some((one) => one.node === node.id)) return all;
    const inSubflow = (node as Node & { _alias?: string })._alias ?? node.id;
    return [...all, { node: node.id, name: shownName(node), condition: '', leadsTo: this.graph.leadsTo(inSubflow) }];
  }

  private nodes(): FlowNode[] {
    const nodes: FlowNode[] = [];
    this.RED.nodes.eachNode((config) => {
      const node = config as unknown as FlowNode;
      const { endpoint, entityType } = node;
      nodes.push({ ...node, ...(endpoint && withEnvironment(this.RED, null, { endpoint, entityType })) });
    });
    return nodes;
  }

  private begin(): void {
    this.graph = undefined;
    if (this.start) return;
    this.started = new Promise((resolve) => {
      this.start = resolve;
    });
  }
}

const runtimes = new WeakMap<object, DeployedFlows>();

/** The flows of a runtime. To be called first while a node is started. */
export function deployedFlows(RED: NodeAPI): DeployedFlows {
  const known = runtimes.get(RED.events) ?? new DeployedFlows(RED);
  runtimes.set(RED.events, known);
  return known;
}

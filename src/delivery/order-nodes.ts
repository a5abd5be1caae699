import type { Plan } from '../store/store.js';

type OrderNode = 'rollUp' | 'fanOut';

/** The fan-out and roll-up nodes of the flows, with their tabs: who reports an order that no message of a vendor reports. */
class OrderNodes {
  private readonly nodes: Record<OrderNode, Map<string, string>> = { rollUp: new Map(), fanOut: new Map() };

  /** Adds a node of the flows; returns what removes it. */
  add(kind: OrderNode, node: string, tab: string): () => void {
    this.nodes[kind].set(node, tab);
    return () => {
      this.nodes[kind].delete(node);
    };
  }

  /** The roll-up node that reported an order before, otherwise one beside its fan-out node, otherwise any; undefined without any. */
  rollUpOf({ rollUp, node }: Plan): string | undefined {
    const { rollUp: rollUps, fanOut } = this.nodes;
    if (rollUp && rollUps.has(rollUp)) return rollUp;
    const tab = fanOut.get(node);
    const [first] = rollUps.keys();
    return [...rollUps].find(([, at]) => at === tab)?.[0] ?? first;
  }
}

/** One per process, as the flows are. */
export const orderNodes = new OrderNodes();

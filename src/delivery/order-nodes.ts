import type { ConversationRecord, FailurePolicy, Plan } from '../store/store.js';

type OrderNode = 'rollUp' | 'fanOut';

interface Place {
  tab: string;
  onFailure?: FailurePolicy;
}

/**
 * The fan-out and roll-up nodes of the flows, with their tabs: who reports an order that no message of a vendor reports, and what
 * happens now if a leg fails.
 */
class OrderNodes {
  private readonly nodes: Record<OrderNode, Map<string, Place>> = { rollUp: new Map(), fanOut: new Map() };

  /** Adds a node of the flows; returns what removes it. `onFailure`: the rule of a fan-out node. */
  add(kind: OrderNode, node: string, tab: string, onFailure?: FailurePolicy): () => void {
    this.nodes[kind].set(node, { tab, onFailure });
    return () => {
      this.nodes[kind].delete(node);
    };
  }

  /** The roll-up node that reported an order before, otherwise one beside its fan-out node, otherwise any; undefined without any. */
  rollUpOf({ rollUp, node }: Plan): string | undefined {
    const { rollUp: rollUps, fanOut } = this.nodes;
    if (rollUp && rollUps.has(rollUp)) return rollUp;
    const tab = fanOut.get(node)?.tab;
    const [first] = rollUps.keys();
    return [...rollUps].find(([, place]) => place.tab === tab)?.[0] ?? first;
  }

  /** An order with the failure rule that its fan-out node has now: a rule that was changed holds for open orders, too. */
  withCurrentRules(conversation: ConversationRecord): ConversationRecord {
    const { plan } = conversation;
    const onFailure = plan && this.nodes.fanOut.get(plan.node)?.onFailure;
    return !plan || !onFailure || onFailure === plan.onFailure ? conversation : { ...conversation, plan: { ...plan, onFailure } };
  }
}

/** One per process, as the flows are. */
export const orderNodes = new OrderNodes();

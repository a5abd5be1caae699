/** Where a message is in its flow. Times are ISO 8601. */
export interface FlowPlace {
  /** When it entered the flow. */
  since: string;
  /** The node that has held it longest; absent while it is between nodes. */
  holder?: Holder;
}

/** A node that works on a message. */
export interface Holder {
  /** Id of the node. */
  node: string;
  name: string;
  /** It is a Switchboard node. */
  ours: boolean;
  since: string;
}

/** Emissions whose nodes are remembered: a node that never finishes would stay for ever. */
const MAX_EMISSIONS = 10_000;

/** Which nodes hold the messages in the flows, by emission. */
export class FlowHolders {
  private readonly holders = new Map<string, (Holder & { messages: number })[]>();

  /** A node has received a message, or a copy of it. */
  received(emission: string, node: Omit<Holder, 'since'>): void {
    const known = this.holders.get(emission);
    const same = known?.find((holder) => holder.node === node.node);
    if (same) same.messages++;
    else if (known) known.push(begun(node));
    else {
      this.holders.set(emission, [begun(node)]);
      if (this.holders.size > MAX_EMISSIONS) this.holders.delete(this.holders.keys().next().value!);
    }
  }

  /** A node has finished with a message. */
  finished(emission: string, node: string): void {
    const known = this.holders.get(emission) ?? [];
    const holder = known.find((one) => one.node === node);
    if (!holder || --holder.messages > 0) return;
    if (known.length === 1) this.holders.delete(emission);
    else known.splice(known.indexOf(holder), 1);
  }

  /** The node that has held an emission longest. */
  longest(emission: string): Holder | undefined {
    return this.holders.get(emission)?.[0];
  }
}

/** Those of this process. */
export const flowHolders = new FlowHolders();

function begun(node: Omit<Holder, 'since'>): Holder & { messages: number } {
  return { ...node, since: new Date().toISOString(), messages: 1 };
}

/** A node of the deployed flows that cannot work as it is configured. */
export interface NodeTrouble {
  id: string;
  /** As set in the editor, else its type. */
  name: string;
  type: string;
  /** ISO 8601. */
  since: string;
  /** What is wrong, and what to do. */
  reason: string;
}

const troubles = new Map<string, NodeTrouble>();

/** Registers that a node cannot work; returns the function that ends it. One node has one trouble, the latest. */
export function beginNodeTrouble(trouble: Omit<NodeTrouble, 'since'>): () => void {
  const begun: NodeTrouble = { ...trouble, since: troubles.get(trouble.id)?.since ?? new Date().toISOString() };
  troubles.set(trouble.id, begun);
  return () => {
    if (troubles.get(trouble.id) === begun) troubles.delete(trouble.id);
  };
}

/** All nodes that cannot work. */
export function nodeTroubles(): NodeTrouble[] {
  return [...troubles.values()];
}

const checks = new Set<NodeCheck>();

/** A node of which it is not known yet whether it can work as it is configured. */
export type NodeCheck = Pick<NodeTrouble, 'id' | 'name'>;

/** Registers that the settings of a node are being checked; returns the function that ends it. */
export function beginNodeCheck(check: NodeCheck): () => void {
  checks.add(check);
  return () => checks.delete(check);
}

/** All nodes whose settings are being checked. */
export function nodeChecks(): NodeCheck[] {
  return [...checks];
}

/** The flow behind an in node, as far as the choice between the flows of one endpoint needs it. */
export interface IntakeFlow {
  /** Id of the in node. */
  node: string;
  /** Its name, for texts. */
  name: string;
  /** JSONata over a record as read: only new records for which it holds enter this flow. Empty: any. */
  condition: string;
  /** The endpoints of the out nodes that the flow leads to. */
  leadsTo: ReadonlySet<string>;
  /** It is in the flow file, and does not run until a user enables it. */
  isDisabled?: boolean;
}

/**
 * The flows that may take a message. An update waits for its own flow: for one that leads to a party of its conversation and cannot
 * run now, also for a disabled one if no other leads there. What nobody owns goes to the flows that run. Pure.
 *
 * @param parties the endpoints of the other parties of the conversation; empty for a new record
 */
export function eligibleFlows<F extends IntakeFlow>(
  flows: readonly F[],
  parties: readonly string[],
  isRunning: (flow: F) => boolean,
): readonly F[] {
  const owns = ({ leadsTo }: F) => parties.some((party) => leadsTo.has(party));
  const enabled = flows.filter(({ isDisabled }) => !isDisabled);
  if (enabled.some(owns)) return enabled;
  const owners = flows.filter(owns);
  return owners.length > 0 ? owners : flows.filter(isRunning);
}

/**
 * The flow that a message enters, of those of its endpoint and record type in the order of the flow file; undefined: none takes it.
 *
 * An update belongs to the flow that leads to the other parties of its conversation. If several do, or none does, and for a new
 * record, the first flow with a condition that holds takes it, else the first one without a condition. A flow takes what is already
 * in a conversation whatever its condition says, because a partner may have changed the record since.
 *
 * @param parties the endpoints of the other parties of the conversation; empty for a new record
 * @param holds evaluates the condition of a flow for the record
 */
export async function chooseFlow<F extends IntakeFlow>(
  flows: readonly F[],
  parties: readonly string[],
  holds: (flow: F) => Promise<boolean>,
): Promise<F | undefined> {
  const reached = flows.map(({ leadsTo }) => parties.filter((party) => leadsTo.has(party)).length);
  const most = Math.max(0, ...reached);
  const owners = flows.filter((_, index) => reached[index] === most);
  const [only, ...others] = owners;
  if (only && others.length === 0 && (most > 0 || !only.condition)) return only;
  for (const flow of owners) if (flow.condition && (await holds(flow))) return flow;
  return owners.find(({ condition }) => !condition) ?? (parties.length > 0 ? only : undefined);
}

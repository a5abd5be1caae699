import { type DeployedStore, deployedStores } from '../delivery/brokers.js';
import { flowsStopped } from '../delivery/flow-state.js';
import { nodeChecks, nodeTroubles } from '../delivery/node-troubles.js';
import { viewMask } from '../delivery/shown-text.js';
import { say } from '../text/say.js';
import { type InFlowReport, inFlowReports, type PartnerReport, partnerReports } from './partners.js';
import { writeFailure } from './write-check.js';

/** What the process does while it does not run its flows. */
export type Phase = 'starting' | 'stopping';

/** Why an instance is not ready. */
export interface NotReady {
  kind: 'phase' | 'flows' | 'store' | 'node';
  /** Id of the node, if it is about one. */
  node?: string;
  /** Name of the node or store. */
  name?: string;
  /** ISO 8601; absent where it is not known. */
  since?: string;
  /** What is wrong, and what to do. */
  text: string;
}

export interface Readiness {
  status: 'ready' | 'notReady';
  /** Empty if it is ready. */
  reasons: NotReady[];
  /** Partners that cannot be reached do not make an instance unready: what it accepts for them waits in its store. */
  partners: PartnerReport[];
  inFlow: InFlowReport[];
}

/** The answer to a health check. */
export interface HealthAnswer<Body = unknown> {
  status: 200 | 503;
  body: Body;
}

/** Whether the process works at all. A restart helps with nothing that it can report itself, so that it always does. */
export function liveness(phase?: Phase): HealthAnswer {
  return { status: 200, body: { status: 'live', ...(phase && { phase }) } };
}

/**
 * Whether this instance can take over its part: its flows run, its stores are open and can be written, and every node is
 * configured. Otherwise with all reasons.
 */
export async function readiness(phase?: Phase): Promise<HealthAnswer<Readiness>> {
  const stores = deployedStores();
  const parts = await Promise.all(stores.map(storeReadiness));
  const reasons = [
    ...phaseReasons(phase, stores.length > 0),
    ...parts.flatMap((part) => part.reasons),
    ...nodeTroubles().map(({ id, name, since, reason }): NotReady => ({ kind: 'node', node: id, name, since, text: reason })),
    ...nodeChecks().map(
      ({ id, name }): NotReady => ({
        kind: 'node',
        node: id,
        name,
        text: say`The settings of the node are being checked.`,
      }),
    ),
  ];
  const isReady = reasons.length === 0;
  const body: Readiness = {
    status: isReady ? 'ready' : 'notReady',
    reasons,
    partners: parts.flatMap((part) => part.partners),
    inFlow: parts.flatMap((part) => part.inFlow),
  };
  // Nobody has to sign in for it.
  return { status: isReady ? 200 : 503, body: viewMask()?.answer(body) ?? body };
}

function phaseReasons(phase: Phase | undefined, hasStore: boolean): NotReady[] {
  if (phase === 'starting') return [{ kind: 'phase', text: say`Switchboard is starting.` }];
  if (phase === 'stopping') return [{ kind: 'phase', text: say`Switchboard is stopping.` }];
  const stopped = flowsStopped();
  if (stopped) return [{ kind: 'flows', text: stopped }];
  return hasStore ? [] : [{ kind: 'store', text: say`The flows have no store. Add an endpoint with a store, and deploy.` }];
}

async function storeReadiness({
  name,
  availability,
}: DeployedStore): Promise<Pick<Readiness, 'reasons' | 'partners' | 'inFlow'>> {
  const { broker, trouble } = availability;
  const notReady = (text: string): NotReady => ({ kind: 'store', name, text });
  if (!broker)
    return { reasons: [notReady(trouble?.error.message ?? say`The store is being opened.`)], partners: [], inFlow: [] };
  try {
    // A store that lost its lock while nothing was written is noticed here.
    await broker.store.confirmOwnership();
    const failure = await writeFailure(broker.store);
    return {
      reasons: failure ? [notReady(failure)] : [],
      partners: await partnerReports(broker),
      inFlow: inFlowReports(broker),
    };
  } catch (error) {
    return { reasons: [notReady(error instanceof Error ? error.message : String(error))], partners: [], inFlow: [] };
  }
}

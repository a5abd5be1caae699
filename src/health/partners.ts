import type { Broker } from '../delivery/broker.js';
import { type EndpointState, endpointState } from '../delivery/endpoint-state.js';
import type { FormerSecretUse, IntakeHub } from '../delivery/intake-reports.js';
import type { IntakeTrouble } from '../delivery/intake-troubles.js';
import { timeOf } from '../store/id.js';

/** One partner as an instance sees it. Times are ISO 8601. */
export interface PartnerReport {
  id: string;
  name: string;
  state: EndpointState;
  /** When it went down or was paused; present until an attempt or check succeeds. */
  downSince?: string;
  /** Why it is paused. */
  reason?: string;
  suspendedAt?: string;
  /** Next attempt or check while nothing is sent. */
  resumesAt?: string;
  lastError?: { at: string; message: string };
  /** Deliveries that wait, and messages whose record could not be read yet; and when the oldest of them was queued. */
  waiting: number;
  oldestWaiting?: string;
  /** The in nodes that receive its changes. */
  receiving: Receiving[];
}

interface Receiving {
  node: string;
  name: string;
  /** `interval` in seconds. */
  poll?: { interval: number; last?: string; overdue: boolean };
  hub?: IntakeHub;
  formerSecret?: FormerSecretUse;
  troubles: Pick<IntakeTrouble, 'part' | 'since' | 'reason'>[];
}

/** The messages of one in node that are in its flow. */
export interface InFlowReport {
  node: string;
  /** Absent for messages that an out or fan out node emits. */
  name?: string;
  count: number;
  /** When the oldest of them entered the flow. */
  oldest: string;
}

/** The partners of one store, with what is waiting for them and how their changes are received. */
export async function partnerReports(broker: Broker): Promise<PartnerReport[]> {
  const [{ waiting }, { endpoints: oldest }] = await Promise.all([broker.store.counts(), broker.store.oldestWaiting()]);
  const troubles = broker.intakeTroubles.list();
  return broker.workers().map(({ client, status }) => {
    const { outage, paused, suspended, lastError } = status;
    const downSince = paused?.since ?? outage?.since;
    const resumesAt = paused?.nextCheck ?? status.resumesAt;
    const first = oldest[client.id];
    return {
      id: client.id,
      name: client.name,
      state: endpointState(status),
      ...(downSince && { downSince }),
      ...(paused && { reason: paused.reason }),
      ...(suspended && { suspendedAt: suspended.at }),
      ...(resumesAt && { resumesAt: iso(resumesAt) }),
      ...(lastError && { lastError: { at: lastError.at, message: lastError.message } }),
      waiting: waiting[client.id] ?? 0,
      ...(first && { oldestWaiting: iso(timeOf(first)) }),
      receiving: broker.intakeReports.of(client.id).map(({ node, name, poll, hub, formerSecret, overdue }) => ({
        node,
        name,
        ...(poll && { poll: { interval: poll.interval / 1000, ...(poll.last && { last: poll.last }), overdue } }),
        ...(hub && { hub }),
        ...(formerSecret && { formerSecret }),
        troubles: troubles.filter((trouble) => trouble.node === node).map(({ part, since, reason }) => ({ part, since, reason })),
      })),
    };
  });
}

/** The messages in their flows, by in node. A number that stays high, or an age that grows, shows a flow that does not end. */
export function inFlowReports(broker: Broker): InFlowReport[] {
  const reports = new Map<string, InFlowReport>();
  for (const { node, since } of broker.inbox.flows.list()) {
    const name = broker.intakeReports.get(node)?.name;
    const report = reports.get(node) ?? { node, ...(name && { name }), count: 0, oldest: since };
    reports.set(node, { ...report, count: report.count + 1, oldest: since < report.oldest ? since : report.oldest });
  }
  return [...reports.values()];
}

const iso = (time: number) => new Date(time).toISOString();

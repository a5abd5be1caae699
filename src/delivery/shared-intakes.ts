import { intakeQueue } from '../store/message-queue.js';
import { recordsOf } from '../store/pages.js';
import type { ChangeNotice } from '../store/store.js';
import type { Broker } from './broker.js';
import { Intake, type IntakeMember } from './intake.js';

/** Messages read per page. */
const PAGE = 500;

const known = new WeakMap<Broker, SharedIntakes>();

/** The intakes of a broker. */
export function sharedIntakesOf(broker: Broker): SharedIntakes {
  const intakes = known.get(broker) ?? new SharedIntakes(broker);
  known.set(broker, intakes);
  return intakes;
}

/** The intakes of a broker: one for each endpoint and entity type for which there is an in node. */
class SharedIntakes {
  private readonly intakes = new Map<string, Intake>();
  /** The in nodes that receive webhooks, with what ends them as guests, by queue. */
  private readonly webhooks = new Map<IntakeMember, { own: Intake; guests: Map<string, () => Promise<void>> }>();

  constructor(private readonly broker: Broker) {
    broker.store.watch((changes) => this.noteWebhooks(changes));
  }

  /**
   * Makes an in node share the intake of its endpoint and entity type. Its webhooks may name other entity types: what they receive of
   * those enters its flow too where no in node is for them. Returns the function with which it leaves; `removed`: it was deleted or
   * disabled.
   */
  join(member: IntakeMember, entityType: string): (removed: boolean) => Promise<void> {
    const intake = this.intakeFor(member, entityType);
    const leave = intake.join(member);
    const guests = new Map<string, () => Promise<void>>();
    if (member.webhook) {
      this.webhooks.set(member, { own: intake, guests });
      void this.findWebhooks(member).catch(() => undefined);
    }
    return async (removed) => {
      this.webhooks.delete(member);
      const leaving = [leave(removed), ...[...guests.values()].map((end) => end())];
      for (const [queue, { isUsed }] of this.intakes) if (!isUsed) this.intakes.delete(queue);
      await Promise.all(leaving);
    };
  }

  /** Gives the subscriptions at an endpoint's hub new secrets; returns their number. Rejects as `HubSubscription.renewSecret`. */
  async renewSecrets(endpoint: string): Promise<number> {
    let renewed = 0;
    for (const intake of this.intakes.values()) if (intake.endpoint === endpoint) renewed += await intake.renewSecrets();
    return renewed;
  }

  private intakeFor({ client }: IntakeMember, entityType: string): Intake {
    const queue = intakeQueue(client.id, entityType);
    const known = this.intakes.get(queue) ?? new Intake(this.broker, client, entityType);
    this.intakes.set(queue, known);
    return known;
  }

  private noteWebhooks(changes: ChangeNotice[]): void {
    if (this.webhooks.size === 0) return;
    for (const change of changes) if (change.kind === 'message' && change.state === 'received') this.addGuest(change);
  }

  private addGuest({ node, endpoint, queue }: { node: string; endpoint: string; queue: string }): void {
    for (const [member, { own, guests }] of this.webhooks) {
      const prefix = intakeQueue(endpoint, '');
      if (member.node !== node || member.client.id !== endpoint || !queue.startsWith(prefix)) continue;
      if (queue === own.queue || guests.has(queue)) continue;
      guests.set(queue, this.intakeFor(member, queue.slice(prefix.length)).joinAsGuest(member));
    }
  }

  /** Finds what the webhooks of an in node received earlier. */
  private async findWebhooks(member: IntakeMember): Promise<void> {
    const { store } = this.broker;
    const query = { endpoint: member.client.id, states: ['received'] };
    for await (const { node, endpoint, entityType, origin } of recordsOf(
      (next) => store.listMessages({ ...query, ...next }),
      PAGE,
    )) {
      if (!this.webhooks.has(member)) return;
      const queue = intakeQueue(endpoint, entityType);
      if (origin === 'webhook') this.addGuest({ node, endpoint, queue });
    }
  }
}

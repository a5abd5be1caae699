import type { EndpointClient } from '../endpoints/endpoint.js';
import { recordsOf } from '../store/pages.js';
import type { DeliveryRecord, Store } from '../store/store.js';
import type { Leg, PartChange } from './leg.js';

/** Deliveries looked through at a time. */
const PAGE = 200;

/** Knows which comment or file of one party is which of another's. */
export class Counterparts {
  constructor(
    private readonly store: Store,
    private readonly client: (endpoint: string) => EndpointClient | undefined,
  ) {}

  /** The leg with the ids of what is to be changed there; what is not there, or cannot be changed, becomes a comment. */
  async resolve(leg: Leg): Promise<Leg> {
    if (!leg.alike?.length) return leg;
    const alike: PartChange[] = [];
    const comments = [...leg.comments];
    for (const part of leg.alike) {
      const there = this.can(leg, part) ? await this.idThere(leg, part) : undefined;
      if (there === undefined) comments.push(part.note);
      else alike.push({ ...part, there });
    }
    return { ...leg, comments, alike };
  }

  private can({ endpoint }: Leg, { kind, comment }: PartChange): boolean {
    const client = this.client(endpoint);
    if (comment) return client?.rewordComment !== undefined;
    return (kind === 'comment' ? client?.removeComment : client?.removeAttachment) !== undefined;
  }

  /** What was written there of the part, or what it was written from. */
  private async idThere(
    { conversation, endpoint, entityType, leg, from }: Leg,
    { kind, id }: PartChange,
  ): Promise<string | undefined> {
    const delivered = { conversation, states: ['delivered'] };
    for await (const delivery of recordsOf((next) => this.store.listDeliveries({ ...delivered, ...next }), PAGE)) {
      if (!delivery.part.startsWith(`${kind}:`)) continue;
      const forth =
        delivery.endpoint === endpoint &&
        delivery.entityType === entityType &&
        delivery.leg === leg &&
        delivery.part === `${kind}:${id}`;
      if (forth) return this.written(delivery);
      const back = delivery.endpoint === from.endpoint && delivery.entityId === from.entityId;
      if (back && (await this.written(delivery)) === id && (await this.isFrom(delivery, endpoint)))
        return delivery.part.slice(kind.length + 1);
    }
    return undefined;
  }

  private async written({ id }: DeliveryRecord): Promise<string | undefined> {
    const { response } = await this.store.bodies('delivery', id);
    return (response as { id?: string } | undefined)?.id;
  }

  private async isFrom({ message }: DeliveryRecord, endpoint: string): Promise<boolean> {
    return (await this.store.message(message))?.endpoint === endpoint;
  }
}

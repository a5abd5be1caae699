import type { EndpointClient } from '../endpoints/endpoint.js';
import { recordsOf } from '../store/pages.js';
import type { DeliveryRecord, Store } from '../store/store.js';
import type { CarriedEdit, Leg } from './leg.js';

/** Deliveries read per page. */
const PAGE = 200;

/** Finds the counterpart of a comment or file at another party. */
export class Counterparts {
  constructor(
    private readonly store: Store,
    private readonly client: (endpoint: string) => EndpointClient | undefined,
  ) {}

  /** Adds the ids of the counterparts to a leg. An edit without a counterpart, or not supported there, becomes a comment. */
  async resolve(leg: Leg): Promise<Leg> {
    if (!leg.carriedEdits?.length) return leg;
    const carriedEdits: CarriedEdit[] = [];
    const comments = [...leg.comments];
    for (const part of leg.carriedEdits) {
      const there = this.isSupported(leg, part) ? await this.counterpartId(leg, part) : undefined;
      if (there === undefined) comments.push(part.note);
      else carriedEdits.push({ ...part, there });
    }
    return { ...leg, comments, carriedEdits };
  }

  private isSupported({ endpoint }: Leg, { kind, comment }: CarriedEdit): boolean {
    const client = this.client(endpoint);
    if (comment) return client?.rewordComment !== undefined;
    return (kind === 'comment' ? client?.removeComment : client?.removeAttachment) !== undefined;
  }

  /** Id of the part that was written there from this one, or from which this one was written. */
  private async counterpartId(
    { conversation, endpoint, entityType, leg, from }: Leg,
    { kind, id }: CarriedEdit,
  ): Promise<string | undefined> {
    const delivered = { conversation, states: ['delivered'] };
    for await (const delivery of recordsOf((next) => this.store.listDeliveries({ ...delivered, ...next }), PAGE)) {
      if (!delivery.part.startsWith(`${kind}:`)) continue;
      const isCopy =
        delivery.endpoint === endpoint &&
        delivery.entityType === entityType &&
        delivery.leg === leg &&
        delivery.part === `${kind}:${id}`;
      if (isCopy) return this.writtenId(delivery);
      const isAtSource = delivery.endpoint === from.endpoint && delivery.entityId === from.entityId;
      if (isAtSource && (await this.writtenId(delivery)) === id && (await this.isFrom(delivery, endpoint)))
        return delivery.part.slice(kind.length + 1);
    }
    return undefined;
  }

  private async writtenId({ id }: DeliveryRecord): Promise<string | undefined> {
    const { response } = await this.store.bodies('delivery', id);
    return (response as { id?: string } | undefined)?.id;
  }

  private async isFrom({ message }: DeliveryRecord, endpoint: string): Promise<boolean> {
    return (await this.store.message(message))?.endpoint === endpoint;
  }
}

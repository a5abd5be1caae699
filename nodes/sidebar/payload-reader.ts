import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import type { RawEntity } from '../../src/endpoints/endpoint.js';
import { mappingFor } from '../kit/mappings.js';
import type { PayloadReader } from './conversation-view-model.js';

/**
 * Reads a message's contents with its endpoint's client, and its state with the preset. A mapping of one's own may read the state differently; what it
 * made of it shows in the deliveries, which go first.
 */
export function payloadReader(RED: NodeAPI): PayloadReader {
  return async (record, bodies) => {
    const raw = bodies.read ?? (record.origin === 'answer' ? bodies.received : undefined);
    const client = brokers()
      .map((broker) => broker.client(record.endpoint))
      .find((one) => one !== undefined);
    if (!client || typeof raw !== 'object' || raw === null) return undefined;
    try {
      const parsed = client.parse(raw as RawEntity);
      const { fields } = await mappingFor(RED, '', client, record.entityType, 'conversations').toGeneric(parsed.record);
      return { state: fields.state, comments: parsed.comments, attachments: parsed.attachments, deleted: parsed.deleted };
    } catch {
      // No preset, or contents that are not what the system sends: the arrow is drawn without them.
      return undefined;
    }
  };
}

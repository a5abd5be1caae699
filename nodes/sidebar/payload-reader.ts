import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import type { RawEntity } from '../../src/endpoints/endpoint.js';
import { mappingFor } from '../kit/mappings.js';
import type { PayloadReader } from './conversation-view-model.js';

/**
 * Reads the content of a message with its endpoint's client, and its state with the preset. A custom mapping may read the state
 * differently; its result is in the deliveries, which take precedence.
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
      // Without a preset, or with unexpected content, the arrow is drawn without details.
      return undefined;
    }
  };
}

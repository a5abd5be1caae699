import type { GenericMessage, Json } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { type Payload, Rig } from './rig.js';

/** The two columns in which the customer keeps what is one value for all others. */
export const LEVELS: Record<string, Record<string, Json>> = {
  critical: { impact: '1', urgency: '1' },
  major: { impact: '2', urgency: '1' },
  minor: { impact: '2', urgency: '2' },
};

export function levelOf({ impact, urgency }: Record<string, Json>): string {
  const found = Object.entries(LEVELS).find(([, level]) => level.impact === impact && level.urgency === urgency);
  return found?.[0] ?? `${impact}/${urgency}`;
}

/** A rig whose tickets only have a severity, which the customer keeps in two columns. */
export class TwoColumns extends Rig {
  override async forward({ id, fields, version, reference }: Payload, record: MessageRecord): Promise<void> {
    const { endpoint, entityType } = record;
    const isCustomers = endpoint === 'customer';
    const to = isCustomers ? 'provider' : 'customer';
    const severity = isCustomers ? levelOf(fields) : String(fields.severity);
    const sources = { severity: isCustomers ? ['impact', 'urgency'] : ['severity'] };
    const message: GenericMessage = {
      entity: 'incident',
      event: 'updated',
      source: { endpoint, entityType, id, number: id, version, reference },
      fields: { severity } as GenericMessage['fields'],
      comments: [],
      attachments: [],
      relations: [],
    };
    const found = await this.broker.correlate({ messageId: record.id }, { message, record: fields, sources });
    if (!found || found.output === 'ignored') return;
    const written = isCustomers ? { severity } : { ...LEVELS[severity] };
    const names = Object.keys(written);
    await this.broker.acceptLeg({
      message: record.id,
      conversation: found.conversation.id,
      node: `out-${to}`,
      endpoint: to,
      entityType,
      leg: '',
      from: { endpoint, entityType, entityId: id },
      request: {
        fields: written,
        changed: (found.message.changed ?? ['severity']).includes('severity') ? names : [],
        defaults: [],
        sources: Object.fromEntries(names.map((name) => [name, ['severity']])),
        generic: { severity },
      },
      comments: [],
      attachments: [],
      answers: false,
    });
  }
}

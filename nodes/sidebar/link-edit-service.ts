import type { NodeAPI } from 'node-red';
import { type LinkEdit, type LookedUpEntity, refusal } from '../../src/conversation/link-edit.js';
import type { AppliedLinkEdit } from '../../src/conversation/link-editor.js';
import { freeReference } from '../../src/conversation/reference.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { Person } from '../../src/delivery/person.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../../src/errors.js';
import type { Json, State } from '../../src/model/message.js';
import type { ConversationRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { entityTypeAt } from '../kit/entity-types.js';
import { mappingFor } from '../kit/mappings.js';
import type { NameOf } from './broker-access.js';
import type { LinkEditEffectView, LinkEditEntry, LinkEditPreview, LinkEditRequest, LinkTarget } from './conversation-views.js';

interface ResolvedRequest {
  edit: LinkEdit;
  found?: LinkEditPreview['found'];
}

/** Turns requests from the view into link edits: looks up entities, finds the other conversation, and adds endpoint names. */
export class LinkEditService {
  constructor(
    private readonly RED: NodeAPI,
    private readonly nameOf: NameOf,
  ) {}

  targets(broker: Broker): LinkTarget[] {
    return broker
      .clients()
      .map((client) => ({ id: client.id, name: this.nameOf(client.id), entityTypes: entityTypesOf(client) }));
  }

  async history(broker: Broker, conversation: string): Promise<LinkEditEntry[]> {
    return (await broker.linkEditor.history(conversation)).map((one) => this.entryOf(one));
  }

  /**
   * The effects of an edit. A refusal is returned, too, with the conversation to merge instead if the entity belongs to another
   * one.
   */
  async preview(broker: Broker, conversation: string, request: LinkEditRequest): Promise<LinkEditPreview> {
    const { edit, found } = await this.resolve(broker, conversation, request);
    try {
      return { effects: this.withEndpointNames(await broker.linkEditor.preview(edit)), ...(found && { found }) };
    } catch (error) {
      if (!(error instanceof SwitchboardError) || error.code !== 'SWB_PAYLOAD') throw error;
      const owner = edit.kind === 'link' ? await ownerOf(broker, edit.entity) : undefined;
      const other = owner && owner.id !== conversation ? owner.reference : undefined;
      return { effects: [], refused: error.message, ...(found && { found }), ...(other && { owner: other }) };
    }
  }

  async apply(broker: Broker, conversation: string, request: LinkEditRequest, by: Person): Promise<LinkEditEntry> {
    const { edit, found } = await this.resolve(broker, conversation, request);
    const name = found?.number ?? ('entity' in edit ? edit.entity.id : edit.other);
    const note = broker.audit.note({ by, action: edit.kind, target: { kind: 'conversation', id: conversation, name } });
    return this.entryOf(await broker.linkEditor.apply(edit, by.name, [note]));
  }

  async undo(broker: Broker, editId: number, by: Person): Promise<LinkEditEntry> {
    const note = ({ conversations: [id = ''] }: AppliedLinkEdit) => [
      broker.audit.note({ by, action: 'undo', target: { kind: 'conversation', id, name: id } }),
    ];
    return this.entryOf(await broker.linkEditor.undo(editId, by.name, note));
  }

  private async resolve(broker: Broker, conversation: string, request: LinkEditRequest): Promise<ResolvedRequest> {
    const { kind, endpoint = '', entityType = '', entity = '', other = '' } = request;
    const key = { endpoint, entityType, id: entity };
    switch (kind) {
      case 'link': {
        const { looked, found } = await this.lookUp(broker, endpoint, entityType, entity);
        return { edit: { kind, conversation, entity: looked }, found };
      }
      case 'unlink':
        return { edit: { kind, conversation, entity: key } };
      case 'split':
        return {
          edit: {
            kind,
            conversation,
            entity: key,
            reference: await freeReference(broker.store, endpoint, entityType, entity),
          },
        };
      case 'merge': {
        const record = await findConversation(broker, other);
        const number = record.links[0]?.number ?? record.reference;
        return { edit: { kind, conversation, other: record.id }, found: { number, title: record.title } };
      }
      default:
        throw refusal(say`"${String(kind)}" is not a link edit.`, say`Use link, unlink, split or merge.`);
    }
  }

  /** Reads an entity by number or id at its endpoint, so that the user sees what will be linked. */
  private async lookUp(
    broker: Broker,
    endpoint: string,
    entityType: string,
    wanted: string,
  ): Promise<{ looked: LookedUpEntity; found: LinkEditPreview['found'] }> {
    const client = broker.client(endpoint);
    if (!client) throw refusal(say`The endpoint does not exist in the flows.`, say`Choose one from the list.`);
    if (!wanted) throw refusal(say`The number or id is missing.`, say`Enter the number or id of the ticket.`);
    const raw = await read(client, entityType, wanted);
    const { source, record, comments, attachments } = client.parse(raw);
    const fields = await this.genericFields(client, entityType, record);
    const { number, url, version } = source;
    const looked: LookedUpEntity = {
      endpoint,
      entityType,
      id: source.id || wanted,
      ...(number && { number }),
      ...(url && { url }),
      ...(version && { version }),
      record,
      fields,
      parts: [...comments, ...attachments].map((part) => part.id),
    };
    const title = typeof fields.title === 'string' ? fields.title : undefined;
    return { looked, found: { number: number ?? looked.id, title, state: fields.state as State | undefined, url } };
  }

  private async genericFields(
    client: EndpointClient,
    entityType: string,
    record: Record<string, Json>,
  ): Promise<Record<string, Json>> {
    try {
      const { fields } = await mappingFor(this.RED, '', client, entityType, 'conversations').toGeneric(record);
      return fields as Record<string, Json>;
    } catch {
      // Without a preset, the entity is linked without generic fields.
      return {};
    }
  }

  private entryOf({ id, at, by, kind, effects, undone }: AppliedLinkEdit): LinkEditEntry {
    return { id, at, by, kind, effects: this.withEndpointNames(effects), ...(undone && { undone }) };
  }

  private withEndpointNames(effects: LinkEditEffectView[]): LinkEditEffectView[] {
    return effects.map(({ code, values: { endpoint, ...values } }) => ({
      code,
      values: { ...values, ...(endpoint !== undefined && { endpoint: this.nameOf(String(endpoint)) }) },
    }));
  }
}

function entityTypesOf(client: EndpointClient): string[] {
  const { entityTypes } = client as { entityTypes?: readonly { name: string }[] };
  return entityTypes?.map((type) => type.name) ?? [entityTypeAt(client, '')];
}

async function read(client: EndpointClient, entityType: string, wanted: string): Promise<RawEntity> {
  try {
    return (await client.findByNumber?.(entityType, wanted)) ?? (await client.read(entityType, wanted));
  } catch (error) {
    const missing = error instanceof PartnerError ? error.code === 'SWB_PARTNER_NOT_FOUND' : error instanceof SwitchboardError;
    if (!missing) throw error;
    throw refusal(
      say`${client.name} has no ${entityType} "${wanted}".`,
      say`Check endpoint, type and number, and that our user may read the record.`,
    );
  }
}

async function ownerOf(broker: Broker, { endpoint, entityType, id }: LookedUpEntity): Promise<ConversationRecord | undefined> {
  return broker.store.conversationByLink(endpoint, entityType, id);
}

/** Finds exactly one conversation by reference, number or id. */
async function findConversation(broker: Broker, wanted: string): Promise<ConversationRecord> {
  const text = wanted.trim().toLowerCase();
  const candidates = text ? await broker.store.listConversations({ search: wanted, limit: 50 }) : [];
  const exact = candidates.filter(({ id, reference, aliases = [], links }) =>
    [id, reference, ...aliases, ...links.flatMap((link) => [link.id, link.number ?? ''])].some(
      (name) => name.toLowerCase() === text,
    ),
  );
  const [one, another] = exact;
  if (one && !another) return one;
  if (!one)
    throw refusal(
      say`No conversation has the number, id or reference "${wanted}".`,
      say`Enter the complete number, id or reference.`,
    );
  throw refusal(
    say`Several conversations have the number, id or reference "${wanted}": ${exact.map((c) => c.reference).join(', ')}.`,
    say`Enter the reference of one of them.`,
  );
}

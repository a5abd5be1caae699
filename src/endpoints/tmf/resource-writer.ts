import type { Readable } from 'node:stream';
import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { RequiredAttributes } from '../evidence.js';
import type { Attributes } from './attributes.js';
import type { TaggedResource } from './whole-list.js';
import { hasNoPatch } from './whole-resource.js';

/** Attempts to replace a resource that others change at the same time. */
const MAX_PUTS = 8;

export interface ResourceWriterOptions {
  api: Api;
  /** The path of a resource. */
  at: (id: string) => string;
  /** Content-Type of a PATCH. */
  patchType: string;
  /** Attributes that a resource must have. */
  required: RequiredAttributes;
  /** A provider without PATCH gets whole resources by PUT. */
  putsWhole: boolean;
  read: (id: string) => Promise<Attributes>;
  /** Reads a resource; throws where it is not complete. */
  readWhole: (id: string) => Promise<TaggedResource>;
}

/** `isRead`: the answer did not show the resource, so it was read. */
export interface WrittenResource {
  resource: Attributes;
  isRead: boolean;
}

/** Writes resources; returns them as the provider then has them. */
export class ResourceWriter {
  constructor(private readonly options: ResourceWriterOptions) {}

  patch(id: string, body: Json | Readable, what: string, headers: Record<string, string> = {}): Promise<WrittenResource> {
    return this.write('PATCH', id, body, what, { 'Content-Type': this.options.patchType, ...headers });
  }

  /**
   * Changes attributes by PATCH or, where the provider has none and the endpoint allows it, by PUT. `bodyOver` makes the body: of
   * the changes alone, or of a whole resource with them; a stream can be sent only once. `base`: the state that the changes are
   * made to; if it has an ETag, they are refused (412) where that is not the provider's state any more.
   */
  async change(
    id: string,
    bodyOver: (whole?: Attributes) => Json | Readable,
    what: string,
    base?: TaggedResource,
  ): Promise<WrittenResource> {
    try {
      return await this.patch(id, bodyOver(), what, base?.etag ? { 'If-Match': base.etag } : {});
    } catch (error) {
      // Not remembered: the refusal may come from a gateway, and only for now.
      if (!this.options.putsWhole || !hasNoPatch(error)) throw error;
      return base?.etag ? this.put(id, bodyOver, what, base) : this.putOnNewest(id, bodyOver, what);
    }
  }

  /** Repeats a PUT on the new state where others have changed the resource since it was read. */
  private async putOnNewest(
    id: string,
    bodyOver: (whole: Attributes) => Json | Readable,
    what: string,
  ): Promise<WrittenResource> {
    const { api, readWhole } = this.options;
    for (let attempt = 1; attempt <= MAX_PUTS; attempt++) {
      try {
        return await this.put(id, bodyOver, what, await readWhole(id));
      } catch (error) {
        if (!(error instanceof PartnerError) || error.status !== 412) throw error;
      }
    }
    const how = say`412 to ${MAX_PUTS} writes: others keep changing it`;
    throw api.unexpected({ method: 'PUT', what }, how, { status: 412, outcome: 'notDone', concernsRecord: true });
  }

  private put(
    id: string,
    bodyOver: (whole: Attributes) => Json | Readable,
    what: string,
    { resource, etag }: TaggedResource,
  ): Promise<WrittenResource> {
    if (etag === undefined) throw this.notReplaceable(what);
    return this.write('PUT', id, bodyOver(resource), what, { 'Content-Type': 'application/json', 'If-Match': etag });
  }

  /** Without an ETag, what others change between our read and our write would be lost. */
  private notReplaceable(what: string): PartnerError {
    return new PartnerError(
      'SWB_PARTNER_REFUSED',
      say`${what}: the provider has no PATCH, and no ETag by which a PUT would spare what others change meanwhile.`,
      {
        where: this.options.api.name,
        hint: say`Make this change at the provider, then skip the delivery. Ask the provider for PATCH or strong ETags.`,
        outcome: 'notDone',
        retry: false,
      },
    );
  }

  private async write(
    method: 'PATCH' | 'PUT',
    id: string,
    body: Json | Readable,
    what: string,
    headers: Record<string, string>,
  ): Promise<WrittenResource> {
    const { api, at, read, required } = this.options;
    const request = { method, path: at(id), headers, body: isStream(body) ? body : JSON.stringify(body), what };
    let isRead = false;
    const readBack = () => {
      isRead = true;
      return read(id);
    };
    const resource = (await api.change(request, id, readBack, required)) as Attributes;
    return { resource, isRead };
  }
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable | null)?.pipe === 'function';
}

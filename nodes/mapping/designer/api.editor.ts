import type { Direction, Mapping } from '../../../src/mapping/mapping.js';
import type { Preview, Table } from '../../../src/mapping/preview-result.js';
import type { Json } from '../../../src/model/message.js';
import type { Changes, FieldLists, SampleHeading, SeenValues } from './answers.js';

export type Sample = Record<string, Json>;

/** The designer's requests to the runtime. Each rejects with the reason in words. */
export interface Api {
  fields(mapping: Mapping): Promise<FieldLists>;
  samples(mapping: Mapping, direction: Direction): Promise<SampleHeading[]>;
  /** `example` is the sample made from the catalogue. */
  sample(mapping: Mapping, direction: Direction, id: string): Promise<Sample>;
  preview(mapping: Mapping, direction: Direction, sample: Sample): Promise<Preview>;
  values(mapping: Mapping, table: Table, rule: number): Promise<SeenValues>;
  changes(id: string, mapping: Mapping): Promise<Changes>;
}

const ROOT = 'switchboard/mappings';

/** `addressOf`: completes the address of a request. */
export function designerApi(t: Translate, addressOf: (path: string) => string): Api {
  const get = <T>(path: string, mapping: Mapping, more: Record<string, string> = {}) =>
    answer<T>($.getJSON(addressOf(`${ROOT}/${path}`), { ...subject(mapping), ...more }));
  const post = <T>(path: string, body: unknown) =>
    answer<T>(
      $.ajax({ url: addressOf(`${ROOT}/${path}`), method: 'POST', contentType: 'application/json', data: JSON.stringify(body) }),
    );
  return {
    fields: (mapping) => get('fields', mapping),
    samples: (mapping, direction) => get('samples', mapping, { direction }),
    sample: async (mapping, direction, id) =>
      (await get<{ sample: Sample }>(`samples/${encodeURIComponent(id)}`, mapping, { direction })).sample,
    preview: (mapping, direction, sample) => post('preview', { mapping, direction, sample }),
    values: (mapping, table, rule) => post('values', { mapping, table, rule }),
    changes: (id, mapping) => post('changes', { id, mapping }),
  };

  function answer<T>(request: JQuery.jqXHR): Promise<T> {
    return new Promise((resolve, reject) => {
      request.done((body: T) => resolve(body)).fail((failed: JQuery.jqXHR) => reject(new Error(reason(failed))));
    });
  }

  function reason({ status, responseJSON, statusText }: JQuery.jqXHR): string {
    const message = (responseJSON as { message?: unknown } | undefined)?.message;
    if (typeof message === 'string') return message;
    if (status === 0) return t('runtime.gone');
    return status === 401 || status === 403 ? t('runtime.notAllowed') : statusText;
  }
}

function subject({ system, entityType, version }: Mapping): Record<string, string> {
  return { system, entityType, ...(version && { version }) };
}

import { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { Api } from '../api.js';
import type { EndpointClient, PollResult, RawEntity, WriteResult } from '../endpoint.js';
import type { PartnerRecord } from '../evidence.js';

interface Options {
  id: string;
  name: string;
  http: HttpClient;
  clock: () => number;
}

const REQUIRED = ['subject', 'changed'];

/** A client of a minimal service desk API with only `/cases` and `/cases/:id`. */
export function createToyClient({ id, name, http, clock }: Options): EndpointClient {
  const api = new Api(http, {
    id: 'id',
    failure: ({ error }) => (error === undefined ? undefined : String(error)),
    isOwnError: ({ error }) => error !== undefined,
  });
  const unsupported = (): never => {
    throw new SwitchboardError('SWB_CONFIG', say`The toy desk supports neither comments nor files.`, { where: name });
  };
  const readOne = (key: string) => api.read({ method: 'GET', path: `/cases/${key}`, what: say`read case` }, key, REQUIRED);
  const raw = (record: PartnerRecord): RawEntity => ({ case: record });
  const written = (record: PartnerRecord): WriteResult => ({ entity: raw(record), dropped: [] });
  return {
    id,
    name,
    system: 'toy',
    address: http.baseUrl,
    takesFiles: false,
    test: async () => [],
    probe: async () => {
      await api.list({ method: 'GET', path: '/cases', what: say`read cases` }, { required: REQUIRED });
    },
    read: async (_type, key) => raw(await readOne(key)),
    find: async (_type, reference) => {
      const { records } = await api.list(
        { method: 'GET', path: '/cases', query: { externalId: reference }, what: say`look for a case` },
        { required: REQUIRED, matches: (record) => record.externalId === reference },
      );
      return records[0] && raw(records[0]);
    },
    create: async (_type, fields, reference) => {
      const body = { ...fields, externalId: reference };
      const mismatch = (record: PartnerRecord) => (record.externalId === reference ? undefined : 'it has another reference');
      return written(
        await api.create({ method: 'POST', path: '/cases', body, what: say`create case` }, mismatch, readOne, REQUIRED),
      );
    },
    update: async (_type, key, fields) => {
      const request = { method: 'PATCH' as const, path: `/cases/${key}`, body: fields, what: say`update case` };
      const record = await api.change(request, key, () => readOne(key), REQUIRED);
      const dropped = Object.entries(fields)
        .filter(([field, sent]) => record[field] !== sent)
        .map(([field, sent]) => ({ field, sent, has: record[field] as Json | undefined }));
      return { entity: raw(record), dropped };
    },
    comment: async () => unsupported(),
    findComment: async () => undefined,
    attach: async () => unsupported(),
    findAttachment: async () => undefined,
    download: async () => Readable.from([]),
    poll: async (entityType, cursor): Promise<PollResult> => {
      const since = typeof cursor === 'string' ? cursor : new Date(clock()).toISOString();
      if (cursor === undefined) return { hints: [], cursor: since, more: false };
      const request = { method: 'GET' as const, path: '/cases', query: { since }, what: say`poll cases` };
      const { records } = await api.list(request, { required: REQUIRED });
      const hints = records.map((record) => ({
        entityType,
        id: String(record.id),
        key: `${String(record.id)}|${String(record.changed)}`,
        payload: record as unknown as Json,
      }));
      const newest =
        records
          .map(({ changed }) => String(changed))
          .sort()
          .at(-1) ?? since;
      return { hints, cursor: newest, more: false };
    },
    validate: () => [],
    parse: ({ case: record = {} }) => {
      const { id: key, externalId, changed } = record as PartnerRecord;
      return {
        source: {
          endpoint: id,
          entityType: 'toyCase',
          id: String(key ?? ''),
          ...(externalId !== undefined && { reference: String(externalId) }),
          ...(changed !== undefined && { version: String(changed) }),
        },
        record: record as Record<string, Json>,
        comments: [],
        attachments: [],
        relations: [],
      };
    },
    isOlder: (a, b) => a !== undefined && b !== undefined && a < b,
    close: () => http.close(),
  };
}

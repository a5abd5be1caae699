import assert from 'node:assert/strict';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { createServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import type { TmfOptions } from '../../src/endpoints/tmf/client.js';
import { createTmf621Client } from '../../src/endpoints/tmf621/client.js';
import { createTmf622Client } from '../../src/endpoints/tmf622/client.js';
import type { Auth, HttpClient } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import type { Json } from '../../src/model/message.js';
import { referencesIn } from '../../src/sandbox/behaviour-handlers.js';
import type { Behaviours, RequestKind } from '../../src/sandbox/behaviours.js';
import type { LoggedRequest } from '../../src/sandbox/exchange.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import type { ServiceNowDesk } from '../../src/sandbox/servicenow.js';
import { entries, type TmfRecord, type Version } from '../../src/sandbox/tmf-record.js';
import { PATIENCE } from '../patience.js';

/** The calls of the broker to a partner. */
export type CallName =
  | 'find'
  | 'findByNumber'
  | 'read'
  | 'readTogether'
  | 'poll'
  | 'findComment'
  | 'findAttachment'
  | 'create'
  | 'createAgain'
  | 'update'
  | 'comment'
  | 'attach';

/** One of several lists that a call reads: a part of its path, and the prefix of the keys of its hints. */
export interface Part {
  name: string;
  path: string;
  key?: string;
}

/** A comment on a record, as it is stored. */
export interface Said {
  text: string;
  reword: (text: string) => void;
  remove: () => void;
}

/** A system under test: its client, and its stand-in in the sandbox. */
export interface System {
  name: string;
  entityType: string;
  /** The kinds of requests of each call; a call that is missing here is not supported by the system. */
  calls: Partial<Record<CallName, RequestKind[]>>;
  /** Calls that read several lists, each of which may be strange alone. */
  parts?: Partial<Record<CallName, Part[]>>;
  /** `url`: address of the partner, if it is not the sandbox itself. */
  client: (sandbox: Sandbox, url?: string) => EndpointClient;
  desk: (sandbox: Sandbox) => { behaviours: Behaviours; requests: LoggedRequest[] };
  /** The fields of a record to create. */
  fields: Record<string, Json>;
  /** Fails if a record was read without everything it was created with. */
  whole?: (raw: RawEntity) => void;
  /** The fields of an update. */
  change: Record<string, Json>;
  /** Ids of the partner's records that carry a reference. */
  withReference: (sandbox: Sandbox, reference: string) => string[];
  /** Its answer to a change is what it keeps; true for one platform, but not for every vendor's. */
  answersAsKept?: true;
  /** Its comments have ids of their own, by which an edited one is recognised. */
  identifies: boolean;
  /** The comments on a record, which the partner's users may edit and delete. */
  said: (sandbox: Sandbox, id: string) => Said[];
  /** The partner's users comment on a record; and attach a file, where they can. */
  says: (sandbox: Sandbox, id: string, text: string) => void;
  attaches?: (sandbox: Sandbox, id: string, name: string) => void;
}

function http(url: string, path: string, auth: Auth): HttpClient {
  return createHttpClient({
    name: 'Partner',
    baseUrl: `${url}/${path}`,
    auth,
    timeout: PATIENCE,
    rateLimit: 0,
    concurrency: 8,
  });
}

function basic(password: string | undefined): Auth {
  return { kind: 'basic', user: 'switchboard', password: password ?? '' };
}

function oauth({ url, environment }: Sandbox): Auth {
  const { SANDBOX_TMF_CLIENT_ID: clientId = '', SANDBOX_TMF_CLIENT_SECRET: clientSecret = '' } = environment;
  return { kind: 'oauthClientCredentials', tokenUrl: `${url}/oauth/token`, clientId, clientSecret };
}

const ofDesk = (desk: ServiceNowDesk, table: string, reference: string) =>
  desk
    .rows(table)
    .filter((row) => row.external_id === reference || referencesIn(row).includes(reference))
    .map((row) => row.sys_id);

const saidAtDesk = (desk: ServiceNowDesk, id: string): Said[] =>
  desk.journal(id).map((row) => ({
    text: row.value ?? '',
    reword: (text) => {
      row.value = text;
    },
    // An entry of no record is in no journal.
    remove: () => {
      row.element_id = '';
    },
  }));

const saidIn = (record: TmfRecord | undefined): Said[] =>
  entries(record?.note).map((note) => ({
    text: String(note.text),
    reword: (text) => {
      note.text = text;
    },
    remove: () => {
      (record as TmfRecord).note = entries(record?.note).filter((other) => other !== note);
    },
  }));

const HANGING: Part[] = [
  { name: 'the journal', path: 'sys_journal_field' },
  { name: 'the attachments', path: '/attachment' },
];

/** Records of one table. `lines`: those of the records, where they have any. */
function serviceNow(entityType: string, table: string, lines: Part[], more: Pick<System, 'fields' | 'change' | 'whole'>): System {
  const hanging = [...HANGING, ...lines];
  const single = lines.length === 0;
  return {
    name: `ServiceNow, ${entityType}s`,
    entityType,
    calls: {
      find: ['list'],
      findByNumber: ['list', 'read'],
      read: ['list', 'read'],
      readTogether: ['list'],
      poll: ['list'],
      findComment: ['list'],
      findAttachment: ['list'],
      // A record with lines is searched before it is created, and read after each write.
      create: single ? ['create'] : ['list', 'read', 'create'],
      ...(single && { createAgain: ['create'] }),
      update: single ? ['change'] : ['list', 'read', 'change'],
      comment: ['change'],
      attach: ['create'],
    },
    parts: {
      read: hanging,
      readTogether: [{ name: 'the records', path: `table/${table}` }, ...hanging],
      poll: [
        { name: 'the records', path: `table/${table}`, key: 'rec|' },
        { name: 'the journals', path: 'sys_journal_field', key: 'jrn|' },
        { name: 'the attachments', path: 'sys_attachment', key: 'att|' },
      ],
      ...(!single && { create: hanging, update: hanging }),
    },
    client: (sandbox, url = sandbox.url) =>
      createServiceNowClient({
        id: 'p',
        name: 'Partner',
        http: http(url, 'servicenow', basic(sandbox.environment.SANDBOX_SERVICENOW_PASSWORD)),
        entityTypes: [{ name: entityType, table, fields: [] }],
        integrationUser: 'switchboard',
        clock: Date.now,
      }),
    desk: (sandbox) => sandbox.servicenow,
    ...more,
    withReference: (sandbox, reference) => ofDesk(sandbox.servicenow, table, reference),
    answersAsKept: true,
    identifies: true,
    said: (sandbox, id) => saidAtDesk(sandbox.servicenow, id),
    says: (sandbox, id, text) => void sandbox.servicenow.comment(table, id, text, 'agent'),
    attaches: (sandbox, id, name) =>
      void sandbox.servicenow.attach(table, id, name, 'text/plain', Buffer.from('theirs'), 'agent'),
  };
}

const hasLines = (values: string) => (raw: RawEntity) =>
  assert.deepEqual(
    (raw.lines as Record<string, { colour?: string; model?: string }>[]).map(
      (line) => line[values]?.colour ?? line[values]?.model,
    ),
    ['black'],
  );

const incidents = serviceNow('incident', 'incident', [], {
  fields: { short_description: 'x', impact: '2', urgency: '2' },
  change: { short_description: 'changed' },
});

const serviceNowOrders = serviceNow(
  'order',
  'sn_ind_tmt_orm_order',
  [
    { name: 'the lines', path: 'order_line_item' },
    { name: 'the characteristics', path: 'characteristic_value' },
  ],
  {
    fields: {
      short_description: 'x',
      state: 'new',
      lines: [{ external_id: '1', short_description: 'Phone', quantity: 2, action: 'add', characteristics: { colour: 'black' } }],
    },
    change: { short_description: 'changed' },
    whole: hasLines('characteristics'),
  },
);

const requests = serviceNow(
  'request',
  'sc_request',
  [
    { name: 'the items', path: 'sc_req_item' },
    { name: 'the variables', path: 'sc_item_option_mtom' },
  ],
  {
    fields: {
      short_description: 'x',
      lines: [{ correlation_id: '1', cat_item_name: 'Laptop', quantity: 1, variables: { model: 'black' } }],
    },
    change: { short_description: 'changed' },
    whole: hasLines('variables'),
  },
);

function options(version: Version, profile: 'standard' | 'servicenow', client: HttpClient): TmfOptions {
  return { id: 'p', name: 'Partner', http: client, version, profile, arrayMode: 'replace', clock: Date.now };
}

function tickets(version: Version): System {
  const desk = (sandbox: Sandbox) => sandbox.tmf(version);
  return {
    name: `TMF621 ${version}`,
    entityType: 'troubleTicket',
    calls: {
      find: ['list'],
      read: ['read'],
      poll: ['list'],
      findComment: ['read'],
      findAttachment: ['read'],
      create: ['create'],
      createAgain: ['create'],
      update: ['change'],
      comment: ['read', 'change'],
      attach: ['read', 'change'],
    },
    client: (sandbox, url = sandbox.url) =>
      createTmf621Client(options(version, 'standard', http(url, `tmf${version.slice(1)}`, oauth(sandbox)))),
    desk,
    fields: {
      ...(version === 'v5' && { '@type': 'TroubleTicket' }),
      name: 'x',
      description: 'long x',
      severity: 'Minor',
      ticketType: 'incident',
    },
    change: { name: 'changed' },
    withReference: (sandbox, reference) =>
      desk(sandbox)
        .withReference(reference)
        .map((ticket) => String(ticket.id)),
    identifies: true,
    said: (sandbox, id) => saidIn(desk(sandbox).ticket(id)),
    says: (sandbox, id, text) => void desk(sandbox).addNote(id, text),
    attaches: (sandbox, id, name) => void desk(sandbox).attach(id, name, 'text/plain', Buffer.from('theirs')),
  };
}

const serviceNowTickets: System = {
  name: 'TMF621 as ServiceNow has it',
  entityType: 'troubleTicket',
  calls: {
    find: ['list'],
    read: ['read'],
    poll: ['list'],
    findComment: ['read'],
    create: ['create'],
    createAgain: ['create'],
    update: ['change'],
    comment: ['change'],
  },
  client: (sandbox, url = sandbox.url) =>
    createTmf621Client(options('v4', 'servicenow', http(url, 'csm', basic(sandbox.environment.SANDBOX_CSM_PASSWORD)))),
  desk: (sandbox) => sandbox.csm,
  fields: { name: 'x', description: 'long x', severity: '2', ticketType: 'Incident', status: 'New' },
  change: { name: 'changed' },
  withReference: (sandbox, reference) => ofDesk(sandbox.csm, 'incident', reference),
  identifies: false,
  said: (sandbox, id) => saidAtDesk(sandbox.csm, id),
  says: (sandbox, id, text) => void sandbox.csm.comment('incident', id, text, 'noc'),
};

function orders(version: Version): System {
  const desk = (sandbox: Sandbox) => sandbox.orders(version);
  const type = (name: string): Record<string, Json> => (version === 'v5' ? { '@type': name } : {});
  const item = (id: string, quantity: number) => ({
    ...type('ProductOrderItem'),
    id,
    action: 'add',
    quantity,
    productOffering: { ...type('ProductOfferingRef'), id: `offering ${id}` },
  });
  return {
    name: `TMF622 ${version}`,
    entityType: 'productOrder',
    calls: {
      find: ['list'],
      read: ['read'],
      poll: ['list'],
      findComment: ['read'],
      create: ['create'],
      createAgain: ['create'],
      update: ['change'],
      comment: ['read', 'change'],
    },
    client: (sandbox, url = sandbox.url) =>
      createTmf622Client(options(version, 'standard', http(url, `orders${version.slice(1)}`, oauth(sandbox)))),
    desk,
    fields: { ...type('ProductOrder'), description: 'x', productOrderItem: [item('1', 2), item('2', 1)] },
    change: { description: 'changed' },
    withReference: (sandbox, reference) =>
      desk(sandbox)
        .orders()
        .filter((order) => referencesIn(order).includes(reference))
        .map((order) => String(order.id)),
    identifies: true,
    said: (sandbox, id) => saidIn(desk(sandbox).order(id)),
    says: (sandbox, id, text) => void desk(sandbox).addNote(id, text),
  };
}

/** All systems; a new one is added here. */
export const SYSTEMS: System[] = [
  incidents,
  serviceNowOrders,
  requests,
  tickets('v4'),
  tickets('v5'),
  serviceNowTickets,
  orders('v4'),
  orders('v5'),
];

import type { ContractCase } from '../../../test/endpoints/contract-case.js';
import { basic, commentsIn, contractClient, oauth, withReference } from '../../../test/endpoints/contract-client.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import type { Version } from '../../sandbox/tmf-record.js';
import { notesOf, tmfSettings } from '../tmf/contract.js';
import { tmf621 } from './system.js';

function tickets(version: Version): ContractCase {
  const settings = tmfSettings(version);
  const desk = (sandbox: Sandbox) => sandbox.tmf(version);
  return {
    name: `TMF621 ${version}`,
    entityType: 'troubleTicket',
    settings,
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
      contractClient(tmf621, { url: `${url}/tmf${version.slice(1)}`, auth: oauth(sandbox), settings }),
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
    said: (sandbox, id) => notesOf(desk(sandbox).ticket(id)),
    says: (sandbox, id, text) => void desk(sandbox).addNote(id, text),
    attaches: (sandbox, id, name) => void desk(sandbox).attach(id, name, 'text/plain', Buffer.from('theirs')),
  };
}

const serviceNowTickets: ContractCase = {
  name: 'TMF621 as ServiceNow has it',
  entityType: 'troubleTicket',
  settings: tmfSettings('servicenow'),
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
    contractClient(tmf621, {
      url: `${url}/csm`,
      auth: basic(sandbox.environment.SANDBOX_CSM_PASSWORD),
      settings: tmfSettings('servicenow'),
    }),
  desk: (sandbox) => sandbox.csm,
  fields: { name: 'x', description: 'long x', severity: '2', ticketType: 'Incident', status: 'New' },
  change: { name: 'changed' },
  withReference: (sandbox, reference) => withReference(sandbox.csm, 'incident', reference),
  identifies: false,
  said: (sandbox, id) => commentsIn(sandbox.csm, id),
  says: (sandbox, id, text) => void sandbox.csm.comment('incident', id, text, 'noc'),
};

export const CASES: ContractCase[] = [tickets('v4'), tickets('v5'), serviceNowTickets];

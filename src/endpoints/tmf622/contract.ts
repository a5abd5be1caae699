import type { ContractCase } from '../../../test/endpoints/contract-case.js';
import { contractClient, oauth } from '../../../test/endpoints/contract-client.js';
import type { Json } from '../../model/message.js';
import { referencesIn } from '../../sandbox/behaviour-handlers.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import type { Version } from '../../sandbox/tmf-record.js';
import { notesOf, tmfSettings } from '../tmf/contract.js';
import { tmf622 } from './system.js';

function orders(version: Version): ContractCase {
  const settings = tmfSettings(version);
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
    settings,
    orders: true,
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
      contractClient(tmf622, { url: `${url}/orders${version.slice(1)}`, auth: oauth(sandbox), settings }),
    desk,
    fields: { ...type('ProductOrder'), description: 'x', productOrderItem: [item('1', 2), item('2', 1)] },
    change: { description: 'changed' },
    withReference: (sandbox, reference) =>
      desk(sandbox)
        .orders()
        .filter((order) => referencesIn(order).includes(reference))
        .map((order) => String(order.id)),
    identifies: true,
    said: (sandbox, id) => notesOf(desk(sandbox).order(id)),
    says: (sandbox, id, text) => void desk(sandbox).addNote(id, text),
  };
}

export const CASES: ContractCase[] = [orders('v4'), orders('v5')];

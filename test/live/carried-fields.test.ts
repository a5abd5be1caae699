import assert from 'node:assert/strict';
import { presets } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

const preset = presets().find(({ name }) => name === 'TMF621 v4 trouble ticket') as Mapping;

describe('a field of the customer', () => {
  let rig: LiveRig;
  before(async () => {
    const mapping: Mapping = {
      ...preset,
      name: 'emptied',
      rules: [
        { field: 'priority', generic: 'subcategory', direction: 'out', sendEmptied: true },
        { field: 'statusChangeReason', generic: 'category', direction: 'out' },
        { field: 'ticketType', generic: 'custom.u_site', direction: 'out', sendEmptied: true },
        ...preset.rules,
      ],
    };
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, { 'sb1-map-tmf': { mapping: 'own' } }, [
      { id: 'own', type: 'switchboard-mapping', name: 'emptied', preset: '', mapping },
    ]);
  });
  after(() => rig?.stop());

  it('that is emptied is emptied at the provider only where the rule says so, and can be filled again', async () => {
    const desk = rig.sandbox.servicenow;
    const { sys_id } = rig.open('emptied', { subcategory: 'dns', category: 'network' });
    const ticket = () => rig.tickets('emptied')[0];
    await until('the ticket', () => ticket()?.priority === 'dns' && ticket()?.statusChangeReason === 'network');
    await rig.quiet();
    desk.update('incident', sys_id, { subcategory: '', category: '', short_description: 'emptied' }, 'agent');
    await until('the emptied field', () => ticket()?.priority === '');
    await rig.quiet();
    assert.equal(ticket()?.statusChangeReason, 'network', 'a rule without the option leaves its field');
    desk.update('incident', sys_id, { subcategory: 'dns' }, 'agent');
    await until('the field to be filled again', () => ticket()?.priority === 'dns');
    await rig.quiet();
    const { deliveries } = await rig.counts();
    assert.deepEqual([deliveries.failed, deliveries.needsDecision], [0, 0]);
    assert.equal(desk.row('incident', sys_id)?.subcategory, 'dns', 'nothing came back');
  });

  it('that only the customer has is carried, can be mapped, and is emptied where the rule says so', async () => {
    const desk = rig.sandbox.servicenow;
    const { sys_id } = rig.open('carried');
    const ticket = () => rig.tickets('carried')[0];
    await until('the ticket', ticket);
    for (const site of ['HH-1', 'HH-2']) {
      // The desk's own tables have no such column.
      Object.assign(desk.row('incident', sys_id)!, { u_site: site });
      desk.update('incident', sys_id, { impact: '2' }, 'agent');
      await until(`the column with ${site}`, () => ticket()?.ticketType === site);
      await rig.quiet();
    }
    Object.assign(desk.row('incident', sys_id)!, { u_site: '' });
    desk.update('incident', sys_id, { impact: '1' }, 'agent');
    await until('the emptied column', () => ticket()?.ticketType === '');
    await rig.quiet();
    const { deliveries } = await rig.counts();
    assert.deepEqual([deliveries.failed, deliveries.needsDecision], [0, 0]);
  });
});

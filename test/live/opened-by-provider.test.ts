import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

for (const version of ['v4', 'v5'] as const) {
  describe(`a ticket opened at a ${version} provider`, () => {
    let rig: LiveRig;
    before(async () => {
      rig = await LiveRig.start({ version, customer: 'webhook', provider: 'hub' });
    });
    after(() => rig?.stop());

    it('appears at the customer, stays in sync both ways, and keeps the fields that only the provider has', async () => {
      const provider = rig.sandbox.tmf(version);
      const desk = rig.sandbox.servicenow;
      const typed = version === 'v5' ? { '@type': 'TroubleTicket' } : {};
      const { id } = provider.create({
        ...typed,
        name: 'Power lost in the exchange',
        description: 'Batteries until noon.',
        severity: 'Critical',
        ticketType: 'outage',
      });
      const ticket = () => provider.ticket(String(id))!;
      const incident = await until('the incident', () => desk.rows('incident')[0]);
      const row = () => desk.row('incident', incident.sys_id)!;
      assert.deepEqual(
        [row().short_description, row().description, row().impact, row().urgency, row().priority, row().state],
        ['Power lost in the exchange', 'Batteries until noon.', '1', '1', '1', '1'],
      );
      assert.equal(row().correlation_display, id);
      await rig.quiet();
      const entities = () => (ticket().relatedEntity ?? []) as { role: string; id?: string; entity?: { id: string } }[];
      const written = provider.requests.filter((r) => r.method === 'PATCH').map((r) => Object.keys(JSON.parse(r.body) as object));
      assert.deepEqual(
        written.flat().filter((name) => name !== '@type'),
        ['relatedEntity'],
        'nothing but our number comes back',
      );
      const number = entities().find(({ role }) => role === 'customerTicket');
      assert.equal(number?.id ?? number?.entity?.id, row().number);

      desk.update('incident', incident.sys_id, { state: '2' }, 'agent');
      await until('in progress at the provider', () => ticket().status === 'inProgress');
      desk.comment('incident', incident.sys_id, 'Generator is on its way', 'agent');
      await until('the comment at the provider', () => ((ticket().note ?? []) as unknown[]).length === 1);
      provider.setStatus(String(id), 'resolved', 'Power is back');
      await until('resolved at the customer', () => row().state === '6');
      assert.equal(row().close_notes, 'Power is back');
      desk.update('incident', incident.sys_id, { state: '7' }, 'admin');
      await until('closed at the provider', () => ticket().status === 'closed');
      await rig.quiet();
      assert.deepEqual(
        [ticket().ticketType, ticket().severity, ticket().name, ticket().statusChangeReason],
        ['outage', 'Critical', 'Power lost in the exchange', 'Power is back'],
      );
      assert.equal(desk.rows('incident').length, 1);
      const { deliveries, conversations } = await rig.counts();
      assert.deepEqual([deliveries.failed, deliveries.needsDecision, conversations.open], [0, 0, 0]);
    });
  });
}

import assert from 'node:assert/strict';
import type { EndpointView } from '../../nodes/sidebar/views.js';
import type { RegistrationForm } from '../../src/sandbox/tmf-hub.js';
import { type FlowNode, until } from './node-red.js';
import { LiveRig } from './rig.js';

/** Seconds instead of minutes. */
const SOON = { 'sb1-tmf-in': { renewInterval: '0.02' } };

describe('a provider’s hub', () => {
  let rig: LiveRig;
  const hubs = () => rig.sandbox.tmf('v4').hubs();
  const posts = () =>
    rig.sandbox.tmf('v4').requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/hub')).length;
  const opened = async (title: string) => {
    rig.open(title);
    const ticket = await until('the ticket', () => rig.tickets(title)[0]);
    await rig.quiet();
    return String(ticket.id);
  };
  const arrives = (title: string, text: string) =>
    until('the note', () => {
      const row = rig.sandbox.servicenow.rows('incident').find((incident) => incident.short_description === title);
      return row && rig.sandbox.servicenow.journal(row.sys_id).some(({ value }) => String(value).includes(text));
    });

  for (const form of ['noId', 'location', 'wrapped', 'noContent'] as RegistrationForm[]) {
    describe(`that responds in the form ${form}`, () => {
      before(async () => {
        rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, (sandbox) => {
          Object.assign(sandbox.tmf('v4').events, { form, listed: true });
          return SOON;
        });
      });
      after(() => rig?.stop());

      it('has one registration, even across deploys', async () => {
        await rig.deploy();
        await rig.deploy();
        assert.equal(hubs().length, 1);
        assert.equal(posts(), 1);
      });

      it('gets a new registration if it loses it, and missed changes are read without polling', async () => {
        const id = await opened(`forgotten ${form}`);
        rig.sandbox.tmf('v4').events.forget();
        rig.sandbox.tmf('v4').addNote(id, 'while nobody listened');
        await until('the new registration', () => hubs().length === 1);
        await arrives(`forgotten ${form}`, 'while nobody listened');
      });

      it('has no registration left after the node is removed', async () => {
        const removed: FlowNode[] = [];
        await rig.deploy((flows) => {
          removed.push(...flows.filter((n) => n.id === 'sb1-tmf-in'));
          return flows.filter((n) => n.id !== 'sb1-tmf-in');
        });
        await until('the registration to be gone', () => hubs().length === 0);
      });
    });
  }

  for (const kind of ['reset-after', 'reset-before'] as const) {
    describe(`whose response is lost (${kind})`, () => {
      before(async () => {
        rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, (sandbox) => {
          sandbox.tmf('v4').events.listed = true;
          sandbox.tmf('v4').faults.add({ method: 'POST', path: '/hub', kind, times: 1 });
          return {};
        });
      });
      after(() => rig?.stop());

      it('has one registration', async () => {
        await opened(`lost answer, ${kind}`);
        await rig.deploy();
        assert.equal(hubs().length, 1);
        assert.equal(posts(), kind === 'reset-after' ? 1 : 2);
      });
    });
  }

  describe('whose events are lost', () => {
    before(async () => {
      rig = await LiveRig.start({ version: 'v5', customer: 'webhook', provider: 'hub' });
    });
    after(() => rig?.stop());

    it('is asked for missed changes when the node starts, even with polling off', async () => {
      rig.open('lost');
      const ticket = await until('the ticket', () => rig.tickets('lost', 'v5')[0]);
      await rig.quiet();
      const provider = rig.sandbox.tmf('v5');
      provider.events.lose = true;
      provider.addNote(String(ticket.id), 'nobody heard');
      provider.events.lose = false;
      await rig.deploy();
      await arrives('lost', 'nobody heard');
      await rig.quiet();
      assert.equal(provider.hubs().length, 1);
      assert.equal(rig.tickets('lost', 'v5').length, 1);
    });

    it('gets another callback when its secret is renewed, and events at the former one are still accepted', async () => {
      const provider = rig.sandbox.tmf('v5');
      const former = String(provider.hubs()[0]?.callback);
      const view = async () => (await rig.get<EndpointView[]>('/switchboard/endpoints')).find(({ id }) => id === 'sb1-tmf')!;
      const { since } = (await view()).callbacks[0]!;
      await rig.act('endpoints', 'sb1-tmf', 'renewSecret');
      const callback = await until('the new registration alone', () => {
        const [one, ...others] = provider.hubs().map((hub) => String(hub.callback));
        return others.length === 0 && one !== former ? one : undefined;
      });
      const { callbacks, formerSecrets } = await until('the view to say so', async () => {
        const shown = await view();
        return shown.callbacks[0]?.registered && shown.callbacks[0].since !== since && shown;
      });
      assert.equal(callbacks.length, 1);
      assert.deepEqual([formerSecrets[0]?.after, formerSecrets[0]?.lastUsed], ['renewal', undefined]);
      const event = JSON.stringify({ eventType: 'TroubleTicketStatusChangeEvent', event: { troubleTicket: { id: 'x' } } });
      const headers = { 'Content-Type': 'application/json' };
      for (const [url, status] of [
        [former, 204],
        [callback, 204],
        [former.replace(/[^/]+$/, 'neither'), 401],
      ] as const)
        assert.equal((await fetch(url, { method: 'POST', headers, body: event })).status, status, url);
    });
  });

  describe('that does not list its registrations', () => {
    before(async () => {
      rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, (sandbox) => {
        sandbox.tmf('v4').events.form = 'noContent';
        return SOON;
      });
    });
    after(() => rig?.stop());

    it('gets a new registration when a change arrives without an event', async () => {
      const id = await opened('silent');
      assert.equal(posts(), 1);
      rig.sandbox.tmf('v4').events.forget();
      rig.sandbox.tmf('v4').addNote(id, 'nobody was told');
      await arrives('silent', 'nobody was told');
      await until('the new registration', () => hubs().length === 1);
      rig.sandbox.tmf('v4').addNote(id, 'told again');
      await arrives('silent', 'told again');
      assert.equal(hubs().length, 1);
    });
  });
});

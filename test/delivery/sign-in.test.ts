import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTmf621Client } from '../../src/endpoints/tmf621/client.js';
import type { Auth } from '../../src/http/http.js';
import { TestClients } from '../http/server.js';
import { until } from '../live/node-red.js';
import { type Denial, LoginPartner } from './login-partner.js';
import { Rig } from './rig.js';

const DENIALS: Denial[] = ['unauthorised', 'forbidden', 'redirect', 'loginPage', 'maintenance', 'tokenRefused', 'tokenPage'];

describe('a partner behind a sign-in', () => {
  let folder: string;
  let rig: Rig;
  let partner: LoginPartner;
  const clients = new TestClients();
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-sign-in-'));
    rig = await new Rig(folder).start();
    partner = await new LoginPartner().start();
    const auth: Auth = { kind: 'oauthClientCredentials', tokenUrl: `${partner.url}/token`, clientId: 'us', clientSecret: 'x' };
    const client = createTmf621Client({
      id: 'provider',
      name: 'provider',
      http: clients.make(partner.url, { auth }),
      version: 'v4',
      profile: 'standard',
      arrayMode: 'replace',
      clock: Date.now,
    });
    await rig.broker.removeEndpoint('provider');
    rig.add(client);
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    clients.close();
    await partner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (title: string) =>
    rig.receive('customer', {
      id: title,
      version: '1',
      fields: { name: title, description: title, severity: 'minor', ticketType: 'x' },
    });
  const paused = () => rig.broker.worker('provider')?.status.paused;
  const ended = async () => {
    const { failed, needsDecision } = (await rig.store.counts()).deliveries;
    return failed + needsDecision;
  };

  for (const denial of DENIALS)
    it(`that rejects everything for a while (${denial}) gets every ticket once afterwards`, async () => {
      await open('before');
      const { address } = rig.broker.client('provider')!;
      await until('the check to have worked', async () => (await rig.store.setting(`probe|provider|${address}`)) === true);
      partner.denial = denial;
      // A token that is still valid would be accepted.
      if (denial.startsWith('token')) partner.revoked = partner.tokens;
      for (let i = 0; i < 40; i++) await open(`ticket ${i}`);
      await until('the pause', () => paused());
      const { rejected, tokens } = partner;
      const { since } = paused()!;
      const { nextCheck } = paused()!;
      await until('another check', () => (paused()?.nextCheck ?? 0) > nextCheck + 1);
      // What was under way, and checks.
      assert.ok(partner.rejected - rejected <= 12 && partner.tokens - tokens <= 12);
      assert.deepEqual([paused()?.since, await ended()], [since, 0]);
      partner.denial = undefined;
      await rig.idle();
      assert.deepEqual([partner.tickets.length, new Set(partner.tickets.map(({ name }) => name)).size], [41, 41]);
      assert.equal(await ended(), 0);
    });

  it('that revokes our token is asked for a new one; nothing pauses', async () => {
    await open('before');
    await rig.idle();
    partner.revoked = partner.tokens;
    await open('after');
    await rig.idle();
    assert.deepEqual([partner.tickets.length, paused(), rig.log.filter((line) => line.includes('paused'))], [2, undefined, []]);
  });
});

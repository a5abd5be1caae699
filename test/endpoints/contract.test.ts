import assert from 'node:assert/strict';
import { defaultsOf } from '../../src/endpoints/form.js';
import { SYSTEMS } from '../../src/endpoints/registry.js';
import type { HttpClient } from '../../src/http/http.js';
import { CASES_OF } from './contract-cases.js';

describe('the description of a system', () => {
  for (const system of SYSTEMS) {
    const cases = CASES_OF.get(system.id) ?? [];

    it(`${system.id}: has contract cases for what it can do, and no others`, () => {
      assert.ok(cases.length > 0, `src/endpoints/${system.id}/contract.ts exports CASES`);
      for (const { name, calls, orders, settings } of cases) {
        const can = system.capabilities({ ...defaultsOf(system.endpoint), ...settings });
        assert.equal('find' in calls, can.lookUp, `${name}: look-up`);
        assert.equal('poll' in calls, can.poll, `${name}: poll`);
        assert.equal('attach' in calls, can.attachments.out, `${name}: attachments`);
        if (orders) assert.ok(can.items, `${name}: items`);
      }
    });

    it(`${system.id}: has a client that says whether its records have files`, () => {
      for (const { name, settings: own } of cases) {
        const settings = { ...defaultsOf(system.endpoint), ...own };
        const http = () => ({ baseUrl: 'http://127.0.0.1' }) as HttpClient;
        const client = system.createClient({ id: 'e', name, settings, credentials: {}, http, clock: Date.now });
        assert.equal(client.takesFiles !== false, system.capabilities(settings).attachments.out, name);
      }
    });

    it(`${system.id}: has a preset, fields and an example for each record type it lists`, () => {
      const dialects = Object.keys(system.dialects ?? { '': {} });
      for (const entityType of system.entityTypes)
        for (const dialect of dialects) {
          const about = `${entityType} ${dialect}`;
          const presets = system.presets.filter(
            (one) => one.entityType === entityType && (!system.dialects || one.version === dialect),
          );
          assert.equal(presets.length, 1, `${about}: presets`);
          assert.ok(system.catalog(entityType, dialect || undefined).fields.length > 0, `${about}: fields`);
        }
    });

    it(`${system.id}: receives changes only in ways it is capable of`, () => {
      const can = system.capabilities(defaultsOf(system.endpoint));
      const { webhook, hub, poll } = system.receive;
      assert.deepEqual([webhook !== undefined, hub !== undefined, poll !== undefined], [can.webhook, can.hub, can.poll]);
    });
  }
});

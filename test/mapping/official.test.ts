import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileMapping, preset, systemOf } from '../../src/endpoints/registry.js';
import type { GenericComment, GenericMessage, Json } from '../../src/model/message.js';
import { type Spec, spec } from '../specs.js';
import { recordsOf, serviceNowPresets } from './records.js';
import { recordingClient, type SentRequest } from './wire.js';

const DEFINITIONS = {
  v4: { create: 'TroubleTicket_Create', update: 'TroubleTicket_Update', hub: 'EventSubscriptionInput' },
  v5: { create: 'TroubleTicket_FVO', update: 'TroubleTicket_MVO', hub: 'Hub_FVO' },
} as const;
const REFERENCE = 'SWB-TEST00000001';

for (const version of ['v4', 'v5'] as const) {
  describe(`what is sent to a TMF621 ${version} provider is valid by the official definition`, () => {
    let official: Spec;
    const outgoing = compileMapping(preset('tmf621', 'troubleTicket', version));
    before(function () {
      const found = spec(`TMF621 ${version}`);
      if (!found) {
        console.log(`      the official definition of TMF621 ${version} is not here: skipped`);
        return this.skip();
      }
      official = found;
    });

    const valid = ({ method, body }: SentRequest) => {
      const definition = method === 'POST' ? DEFINITIONS[version].create : DEFINITIONS[version].update;
      assert.deepEqual(official.problems(definition, body), [], JSON.stringify(body));
    };

    for (const incoming of serviceNowPresets) {
      it(`each ${incoming.name}, in every state, full and minimal: created, and each of its fields changed`, async () => {
        const records = recordsOf(incoming);
        assert.ok(records.length >= 4);
        for (const { title, record } of records) {
          const message = await generic(incoming.entityType, record);
          const { body, problems } = await outgoing.fromGeneric(message);
          assert.deepEqual(
            problems.filter((p) => p.level === 'error'),
            [],
            title,
          );
          const { client, written } = recordingClient(version);
          await client.create('troubleTicket', body, REFERENCE);
          for (const [name, value] of Object.entries(body)) await client.update('troubleTicket', 'TT-1', { [name]: value });
          assert.ok(written.length > 2, title);
          written.forEach(valid);
        }
      });
    }

    for (const arrayMode of ['replace', 'append'] as const) {
      it(`comments and files, lists sent by ${arrayMode}`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'switchboard-wire-'));
        try {
          const path = join(folder, 'file');
          writeFileSync(path, Buffer.alloc(10_000, 7));
          const { client, written } = recordingClient(version, 'standard', arrayMode);
          const comment: GenericComment = {
            id: 'c1',
            text: 'Any news?',
            author: 'Ann',
            at: '2026-03-01T08:00:00.000Z',
            visibility: 'public',
          };
          await client.comment('troubleTicket', 'TT-1', comment);
          await client.comment('troubleTicket', 'TT-1', { id: 'c2', text: 'No author, no time', visibility: 'public' });
          await client.attach('troubleTicket', 'TT-1', {
            id: 'f1',
            name: 'line.pcap',
            mimeType: 'application/octet-stream',
            path,
            size: 10_000,
            hash: '',
          });
          assert.equal(written.length, 3);
          written.forEach(valid);
          const files = written[2]?.body.attachment ?? [];
          const sent = (files as { name: string; content: string }[]).find((a) => a.name === 'line.pcap');
          assert.equal(Buffer.from(sent?.content ?? '', 'base64').length, 10_000);
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }

    it('the registration at the hub', async () => {
      const { client, written } = recordingClient(version);
      await client.registerHub('http://127.0.0.1:1880/switchboard/tmf621/x/secret', 'eventType=TroubleTicketStatusChangeEvent');
      const [registration] = written;
      assert.deepEqual(official.problems(DEFINITIONS[version].hub, registration?.body), []);
    });

    it('and the check can fail: a ticket without a ticket type, or with an attribute of our own, is invalid', () => {
      const body: Record<string, Json> = {
        description: 'x',
        severity: 'Minor',
        ...(version === 'v5' && { '@type': 'TroubleTicket' }),
      };
      assert.notDeepEqual(official.problems(DEFINITIONS[version].create, body), []);
      assert.deepEqual(official.problems(DEFINITIONS[version].create, { ...body, ticketType: 'incident' }), []);
      assert.notDeepEqual(official.problems(DEFINITIONS[version].create, { ...body, ticketType: 'incident', ours: 1 }), []);
    });
  });
}

/** The generic message of a ServiceNow record, as normalize makes it. */
async function generic(entityType: string, record: Record<string, Json>): Promise<GenericMessage> {
  const { fields } = await compileMapping(preset('servicenow', entityType)).toGeneric(record);
  return {
    entity: systemOf('servicenow').kindOf(entityType, record),
    event: 'created',
    source: { endpoint: 'c', entityType, id: String(record.sys_id), number: String(record.number) },
    fields,
    comments: [],
    attachments: [],
    relations: [],
  };
}

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { systemOf } from '../../src/endpoints/registry.js';
import { type GenericMessage, STATES } from '../../src/model/message.js';
import { validateGeneric } from '../../src/model/schema.js';
import { modelPage } from './page.js';

const message = (): GenericMessage => ({
  entity: 'incident',
  event: 'created',
  source: { endpoint: 'e', entityType: 'incident', id: '1' },
  fields: { title: 'x', state: 'held', createdAt: '2026-03-01T08:00:00.000Z', custom: { site: 'Ghent' } },
  comments: [{ id: '1', text: 'words', visibility: 'public' }],
  attachments: [{ id: '1', name: 'a', mimeType: 'text/plain' }],
  relations: [{ type: 'parent', id: '2' }],
});

describe('a generic message', () => {
  it('is valid when it is complete', () => {
    assert.deepEqual(validateGeneric(message()), []);
  });

  for (const state of STATES)
    it(`may be ${state}`, () => assert.deepEqual(validateGeneric({ ...message(), fields: { state } }), []));

  for (const [what, change, field] of [
    ['an unknown state', { fields: { state: 'broken' } }, 'fields.state'],
    ['a field that the model does not have', { fields: { colour: 'red' } }, 'colour'],
    ['an invalid time', { fields: { createdAt: 'yesterday' } }, 'fields.createdAt'],
    ['no source', { source: undefined }, 'source'],
    ['an empty id', { source: { endpoint: 'e', entityType: 'x', id: '' } }, 'source.id'],
    ['a comment without text', { comments: [{ id: '1', visibility: 'public' }] }, 'text'],
    ['a comment without a valid visibility', { comments: [{ id: '1', text: 'x', visibility: 'secret' }] }, 'visibility'],
  ] as [string, object, string][]) {
    it(`is invalid with ${what}, and the problem names the field`, () => {
      const problems = validateGeneric({ ...message(), ...change } as GenericMessage);
      assert.ok(problems.length > 0);
      assert.ok(
        problems.some((p) => `${p.field} ${p.text}`.includes(field)),
        JSON.stringify(problems),
      );
    });
  }

  it('about a trouble ticket has the kind of its ticketType', () => {
    const kind = (ticketType: string) => systemOf('tmf621').kindOf('troubleTicket', { ticketType });
    assert.deepEqual(['incident', 'Service Problem Case', 'complaint', 'change', 'serviceRequest', ''].map(kind), [
      'incident',
      'problem',
      'case',
      'change',
      'request',
      'incident',
    ]);
  });
});

describe('the documentation', () => {
  it('of the model is generated from the schema (UPDATE_DOCS=1 regenerates it)', () => {
    if (process.env.UPDATE_DOCS) writeFileSync('docs/model.md', modelPage());
    assert.equal(readFileSync('docs/model.md', 'utf8'), modelPage());
  });

  it('has a row for every error code', () => {
    const codes = [...readFileSync('src/errors.ts', 'utf8').matchAll(/\| '(SWB_\w+)'/g)].map((m) => m[1]!);
    assert.ok(codes.length > 15);
    const page = readFileSync('docs/errors.md', 'utf8');
    assert.deepEqual(
      codes.filter((code) => !page.includes(`| \`${code}\` |`)),
      [],
    );
  });

  it('has every page that another page links to', () => {
    const pages = [
      'README.md',
      ...[
        'docs/errors.md',
        'docs/promises.md',
        'docs/running.md',
        'docs/mapping.md',
        'docs/servicenow.md',
        'docs/tmf621.md',
        'docs/development.md',
      ],
    ];
    for (const page of pages) {
      const base = page.includes('/') ? 'docs/' : '';
      for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\(((?!https?:|#)[^)#]+)/g))
        assert.ok(readFileSync(`${base}${target}`.replace('docs/../', '')), `${page}: ${target}`);
    }
  });
});

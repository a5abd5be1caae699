import assert from 'node:assert/strict';
import { compileMapping, partnerCatalog, presets, systemOf } from '../../src/endpoints/registry.js';
import { examplesOf } from '../../src/mapping/catalog/catalog.js';
import { genericCatalog, genericExample } from '../../src/mapping/catalog/generic.js';
import { seenFields, withSeen } from '../../src/mapping/catalog/seen.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { parsePath } from '../../src/mapping/paths.js';
import { validateGeneric } from '../../src/model/schema.js';

const named = (mapping: Mapping) => [mapping.system, mapping.entityType, mapping.version].filter(Boolean).join(' ');

describe('the catalogue of fields', () => {
  for (const mapping of presets()) {
    const catalog = partnerCatalog(mapping);

    it(`${named(mapping)}: has every field that its preset uses, described and once`, () => {
      const tables = [
        { rules: mapping.rules, fields: catalog.fields },
        { rules: mapping.items?.rules ?? [], fields: catalog.items?.fields ?? [] },
      ];
      for (const { rules, fields } of tables) {
        const known = fields.map(({ path }) => path);
        const used = new Set(rules.flatMap((rule) => rule.field));
        assert.deepEqual(
          [...used].filter((path) => !known.includes(path)),
          [],
        );
        assert.deepEqual(
          known.filter((path, index) => known.indexOf(path) !== index),
          [],
        );
      }
      assert.deepEqual(
        catalog.fields.filter(({ description }) => description.length < 4),
        [],
      );
    });

    it(`${named(mapping)}: marks the fields as required that the partner requires`, () => {
      const missing = systemOf(mapping.system)
        .validate(mapping.entityType, {}, mapping.version)
        .map(({ field }) => field)
        .filter((name) => name !== catalog.items?.field);
      const required = catalog.fields.filter((field) => field.required).map(({ path }) => parsePath(path).top);
      assert.deepEqual(required.sort(), missing.sort());
    });

    it(`${named(mapping)}: has an example that the preset translates to a valid generic message`, async () => {
      const { fields, problems } = await compileMapping(mapping).toGeneric(examplesOf(catalog));
      assert.deepEqual(problems, []);
      assert.deepEqual(validateGeneric({ ...genericExample(mapping.entityType), fields }), []);
      assert.ok((fields.title ?? fields.description) && fields.state, 'a text and a state');
    });
  }

  it('has every field of the generic schema, and a valid example', () => {
    const { fields, items } = genericCatalog('productOrder');
    const paths = fields.map(({ path }) => path);
    for (const path of ['title', 'requester.name', 'place.city', 'entity', 'source.number', 'custom'])
      assert.ok(paths.includes(path), path);
    assert.equal(paths.includes('items'), false, 'items have rules of their own');
    assert.ok(fields.find(({ path }) => path === 'state')?.values?.some(({ value }) => value === 'inProgress'));
    assert.equal(fields.find(({ path }) => path === 'requester.name')?.description, 'Person who reported or requested it: name');
    assert.ok(
      items.fields.some(({ path }) => path === 'offering.id') && items.fields.some(({ path }) => path === 'vendorNumber'),
    );
    for (const type of ['incident', 'productOrder']) assert.deepEqual(validateGeneric(genericExample(type)), []);
  });

  it('adds fields that were seen in records, with a value they had, and no field twice', () => {
    const seen = seenFields([
      { u_site: '', status: 'Open', channel: { id: 'web' }, note: [{ text: 'a' }] },
      {
        u_site: 'HH-1',
        relatedParty: [
          { role: 'requester', id: 'x' },
          { role: 'owner', id: 'y' },
        ],
        'a.b': 'no path',
      },
    ]);
    assert.deepEqual(
      seen.map(({ path, example }) => [path, example]),
      [
        ['u_site', 'HH-1'],
        ['status', 'Open'],
        ['channel.id', 'web'],
        ['note', [{ text: 'a' }]],
        ['relatedParty[role=requester].id', 'x'],
        ['relatedParty[role=owner].id', 'y'],
      ],
    );
    const merged = withSeen(partnerCatalog({ system: 'tmf621', entityType: 'troubleTicket', version: 'v5' }).fields, seen);
    const added = merged.filter((field) => field.seen).map(({ path }) => path);
    assert.deepEqual(added, ['u_site', 'note', 'relatedParty[role=requester].id', 'relatedParty[role=owner].id']);
  });
});

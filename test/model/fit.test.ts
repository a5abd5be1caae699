import assert from 'node:assert/strict';
import { fitToSchema } from '../../src/model/fit.js';
import type { GenericMessage } from '../../src/model/message.js';
import { validateGeneric } from '../../src/model/schema.js';

const message = (fields: object, more: object = {}) =>
  ({
    entity: 'incident',
    event: 'updated',
    source: { endpoint: 'e', entityType: 't', id: '1' },
    fields,
    comments: [],
    attachments: [],
    relations: [],
    ...more,
  }) as unknown as GenericMessage;

describe('a message made from a partner’s record', () => {
  for (const [what, fields, fitting] of [
    [
      'numbers where texts are wanted',
      { title: 7, requester: { id: 4711, name: 'Ann' } },
      { title: '7', requester: { id: '4711', name: 'Ann' } },
    ],
    ['texts where numbers are wanted', { items: [{ id: 1, quantity: '2' }] }, { items: [{ id: '1', quantity: 2 }] }],
    [
      'choices that are written otherwise',
      { state: 'In Progress', items: [{ id: '1', action: 'no_change' }] },
      { state: 'inProgress', items: [{ id: '1', action: 'noChange' }] },
    ],
    ['what the model leaves open', { custom: { any: [1, { a: null }] } }, { custom: { any: [1, { a: null }] } }],
  ] as const)
    it(`fits with ${what}`, () => {
      const { message: fitted, problems } = fitToSchema(message(fields));
      assert.deepEqual(fitted.fields, fitting);
      assert.deepEqual(problems, []);
    });

  for (const [what, fields, fitting, says] of [
    ['an unknown choice', { title: 'x', state: 'awaitingParts' }, { title: 'x' }, /fields\.state must be one of .* left out/],
    ['an object for a text', { title: { en: 'x' }, description: 'y' }, { description: 'y' }, /fields\.title must be string/],
    ['no time', { createdAt: 'yesterday', title: 'x' }, { title: 'x' }, /fields\.createdAt must match format/],
    ['null', { items: [{ id: '1', quantity: null }] }, { items: [{ id: '1' }] }, /quantity/],
    [
      'an item without an id',
      { items: [{ id: '1' }, { category: 'x' }, { id: '3' }] },
      { items: [{ id: '1' }, { id: '3' }] },
      /items\.1\.id is missing/,
    ],
    [
      'an attribute of its own',
      { requester: { name: 'Ann', shoeSize: 40 } },
      { requester: { name: 'Ann' } },
      /may not have shoeSize/,
    ],
    ['an attribute that is no list', { items: 'none', title: 'x' }, { title: 'x' }, /fields\.items must be array/],
  ] as const)
    it(`is passed on without ${what}, with a warning`, () => {
      const given = message(fields);
      const before = structuredClone(given);
      const { message: fitted, problems } = fitToSchema(given);
      assert.deepEqual(fitted.fields, fitting);
      assert.deepEqual(validateGeneric(fitted), []);
      assert.ok(problems.length > 0 && problems.every(({ level }) => level === 'warning'));
      assert.match(problems.map(({ text }) => text).join(' '), says);
      assert.deepEqual(given, before, 'what was given is left alone');
    });

  it('keeps its order and its other comments where several do not fit', () => {
    const comments = [1, 2, 3, 4].map((n) => ({ id: String(n), text: n % 2 ? `text ${n}` : {}, visibility: 'public' }));
    const { message: fitted } = fitToSchema(message({}, { comments }));
    assert.deepEqual(
      fitted.comments.map(({ text }) => text),
      ['text 1', 'text 3'],
    );
  });

  it('still has the faults that are not the partner’s', () => {
    const { problems } = fitToSchema(message({}, { source: { endpoint: 'e', entityType: 't', id: '' } }));
    assert.deepEqual(
      problems.map(({ level }) => level),
      ['error'],
    );
  });
});

import assert from 'node:assert/strict';
import { DEFAULT_RULES, type PartyRules } from '../../src/conversation/ownership.js';
import type { Leg } from '../../src/delivery/leg.js';
import { applyPartyRules, type SourceContext } from '../../src/delivery/leg-rules.js';

const LEG: Leg = {
  message: 'm1',
  conversation: 'c1',
  node: 'out',
  endpoint: 'provider',
  entityType: 'troubleTicket',
  leg: '',
  from: { endpoint: 'customer', entityType: 'incident', entityId: 'A' },
  request: {
    fields: { name: 'one', description: 'more words', severity: 'minor' },
    changed: ['name', 'description', 'severity'],
    defaults: [],
    sources: { name: ['title'], description: ['description'], severity: ['severity'] },
    generic: { title: 'one', description: 'more words', severity: 'minor' },
  },
  comments: [{ id: 'n1~x', text: 'Anna: the line', visibility: 'public', edits: 'n1' }],
  attachments: [],
  answers: false,
};
const SOURCE: SourceContext = { from: 'Acme', number: 'INC1' };
const by = (rules: Partial<PartyRules>, context: Partial<SourceContext> = {}) =>
  applyPartyRules(LEG, { ...DEFAULT_RULES, ...rules }, { ...SOURCE, ...context });

describe('a leg under the rules of its party', () => {
  it('has an edited comment as a new one, or not at all', () => {
    assert.deepEqual(by({}).comments[0]?.text, 'Edited: Anna: the line');
    assert.deepEqual(by({ edits: 'nothing' }).comments, []);
  });

  it('has no deletions, or comments about them', () => {
    const removed = [{ kind: 'attachment' as const, id: 'f1', says: 'a.txt' }];
    assert.equal(by({}, { removed }).comments.length, 1);
    assert.deepEqual(
      by({ edits: 'nothing', deletions: 'note' }, { removed, deleted: true }).comments.map(({ text }) => text),
      ['INC1 was deleted at Acme.', 'A file was deleted at Acme: a.txt'],
    );
  });

  it('has no fields of a deleted record, unless the party repeats deletions', () => {
    assert.deepEqual(by({}, { deleted: true }).request.changed, []);
    assert.deepEqual(by({ deletions: 'same' }, { deleted: true }).request.changed, LEG.request.changed);
  });

  it('has no field that the party keeps, or has it as a comment', () => {
    const kept = by({ fields: { title: 'never', description: 'appendOnly' } });
    assert.deepEqual(kept.request.changed, ['severity']);
    assert.deepEqual(
      kept.appended?.map(({ text }) => text),
      ['description: more words'],
    );
  });

  it('only fills empty fields with the values of a new ticket, and names the source and time of the change', () => {
    const { request } = by({}, { asMade: ['severity'], at: 5 });
    assert.deepEqual(request.defaults, ['severity']);
    assert.deepEqual(request.said, { endpoint: 'customer', at: 5 });
  });
});

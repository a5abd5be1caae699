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
const TOLD: SourceContext = { from: 'Acme', number: 'INC1' };
const by = (rules: Partial<PartyRules>, told: Partial<SourceContext> = {}) =>
  applyPartyRules(LEG, { ...DEFAULT_RULES, ...rules }, { ...TOLD, ...told });

describe('what a party is told by its own rules', () => {
  it('of an edited comment: that it was edited, or nothing', () => {
    assert.deepEqual(by({}).comments[0]?.text, 'Edited: Anna: the line');
    assert.deepEqual(by({ edits: 'nothing' }).comments, []);
  });

  it('of what was deleted: nothing, or a comment', () => {
    const removed = [{ kind: 'attachment' as const, id: 'f1', says: 'a.txt' }];
    assert.equal(by({}, { removed }).comments.length, 1);
    assert.deepEqual(
      by({ edits: 'nothing', deletions: 'note' }, { removed, deleted: true }).comments.map(({ text }) => text),
      ['INC1 was deleted at Acme.', 'A file was deleted at Acme: a.txt'],
    );
  });

  it('of a deleted record no field, unless the same is to be done', () => {
    assert.deepEqual(by({}, { deleted: true }).request.changed, []);
    assert.deepEqual(by({ deletions: 'same' }, { deleted: true }).request.changed, LEG.request.changed);
  });

  it('of a field that stays its own nothing, or in a comment', () => {
    const kept = by({ fields: { title: 'never', description: 'appendOnly' } });
    assert.deepEqual(kept.request.changed, ['severity']);
    assert.deepEqual(
      kept.appended?.map(({ text }) => text),
      ['description: more words'],
    );
  });

  it('of what a new ticket was made of only what fills a gap; who said it, and when, goes along', () => {
    const { request } = by({}, { asMade: ['severity'], at: 5 });
    assert.deepEqual(request.defaults, ['severity']);
    assert.deepEqual(request.said, { endpoint: 'customer', at: 5 });
  });
});

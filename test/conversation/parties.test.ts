import assert from 'node:assert/strict';
import { newLink } from '../../src/conversation/correlate.js';
import { firstLink, mayAddParty } from '../../src/conversation/parties.js';
import type { ConversationRecord } from '../../src/store/store.js';

const link = (endpoint: string, leg: string, origin: 'ours' | 'theirs') =>
  newLink({ endpoint, entityType: 'incident', id: `${endpoint}-1` }, leg, origin, '2026-01-01T00:00:00.000Z');

const conversation = (links: ConversationRecord['links'], more: Partial<ConversationRecord> = {}): ConversationRecord => ({
  id: 'c',
  version: 1,
  reference: 'SWB-1',
  entity: 'incident',
  state: 'open',
  links,
  written: [],
  createdAt: '',
  updatedAt: '',
  ...more,
});
const from = (endpoint: string) => ({ endpoint, entityType: 'incident', entityId: `${endpoint}-1` });

describe('who may add a party to a conversation', () => {
  const shared = conversation([link('east', '', 'theirs'), link('provider', '', 'ours')]);
  const CASES: [what: string, given: ConversationRecord, creation: Parameters<typeof mayAddParty>[1], may: boolean][] = [
    ['the party where it began', shared, { endpoint: 'other', from: from('east'), leg: '' }, true],
    ['another party', shared, { endpoint: 'west', from: from('provider'), leg: '' }, false],
    ['another party, for a planned leg', shared, { endpoint: 'west', from: from('provider'), leg: 'copy' }, true],
    [
      'another party, if the out node says so',
      shared,
      { endpoint: 'west', from: from('provider'), leg: '', joinsOthers: true },
      true,
    ],
    ['an entity that is not linked', shared, { endpoint: 'west', from: from('stranger'), leg: '' }, false],
    [
      'another party, for a party whose entity was unlinked',
      conversation([link('provider', '', 'ours')], { formerParties: ['east'] }),
      { endpoint: 'east', from: from('provider'), leg: '' },
      true,
    ],
    [
      'a party that is left after the first one was unlinked',
      conversation([link('provider', '', 'ours')], { formerParties: ['east'] }),
      { endpoint: 'west', from: from('provider'), leg: '' },
      false,
    ],
  ];
  for (const [what, given, creation, may] of CASES) {
    it(`${what}: ${may ? 'yes' : 'no'}`, () => {
      assert.equal(mayAddParty(given, creation), may);
    });
  }

  it('the first link is the one that a merge did not give a leg', () => {
    const merged = conversation([link('west', 'SWB-2', 'theirs'), link('east', '', 'theirs')]);
    assert.equal(firstLink(merged)?.endpoint, 'east');
    const split = conversation([link('west', 'SWB-2', 'theirs')]);
    assert.equal(firstLink(split)?.endpoint, 'west');
  });
});

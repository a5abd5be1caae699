import assert from 'node:assert/strict';
import { newLink } from '../../src/conversation/correlate.js';
import { detectFieldChanges } from '../../src/conversation/field-changes.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import type { Link } from '../../src/store/store.js';
import { isOlder, messageWith, SOURCE } from './incident.js';

const VERSIONED = { ...SOURCE, version: '3' };
const SOURCES = { state: ['state', 'hold_reason'], severity: ['impact', 'urgency'], description: ['description'] };

const made = (how: Link['made'], raw: Record<string, Json>, shadow: Record<string, Json>): Link => ({
  ...newLink(SOURCE, '', 'ours', ''),
  made: how,
  raw,
  shadow,
});
function reading(
  record: Record<string, Json>,
  fields: GenericMessage['fields'],
  more: Partial<InboundMessage> = {},
): InboundMessage {
  return { message: messageWith(fields, { source: VERSIONED }), record, sources: SOURCES, readAt: '5', ...more };
}
const news = (link: Link, incoming: InboundMessage, inFlight: Record<string, Json>[] = []) =>
  detectFieldChanges(link, incoming, { inFlight: inFlight.map((fields) => ({ fields })), isOlder });

describe('which fields are news', () => {
  it('not the state a new ticket begins with, whatever columns it is made of', () => {
    const link = made('answered', { state: '1' }, { state: 'inProgress' });
    assert.deepEqual(news(link, reading({ state: '1', hold_reason: '' }, { state: 'acknowledged' })).changed, []);
    const defaults = news(link, reading({ state: '1', hold_reason: 'none' }, { state: 'acknowledged' }));
    assert.deepEqual([defaults.changed, defaults.asMade], [['state'], ['state']]);
  });

  it('a value that stands against what others wrote, although it is the one they once had', () => {
    const link: Link = {
      ...newLink(SOURCE, '', 'theirs', ''),
      raw: { impact: '3' },
      shadow: { severity: 'minor' },
      untold: { severity: '4' },
    };
    const shown = reading({ impact: '2', urgency: '3' }, { severity: 'minor' });
    assert.deepEqual(news(link, shown).changed, ['severity']);
    assert.deepEqual(news({ ...link, untold: undefined }, shown).changed, []);
    const earlier = news({ ...link, untold: { severity: '6' } }, shown);
    assert.deepEqual(
      [earlier.changed, earlier.rereadNeeded],
      [[], true],
      'what was read before it was found is no telling: it is read again',
    );
  });

  it('a change since the create was answered, and a state that is further than was asked for', () => {
    const link = made('answered', { state: '1', impact: '1', urgency: '1' }, { state: 'acknowledged', severity: 'critical' });
    const found = news(
      link,
      reading({ state: '2', hold_reason: '', impact: '3', urgency: '3' }, { state: 'inProgress', severity: 'minor' }),
    );
    assert.deepEqual([found.changed, found.asMade], [['state', 'severity'], []]);
  });

  it('nothing that overwrites, where only an event tells what a new ticket was made of; but a state that is further', () => {
    const link = made('told', { state: '1', impact: '1', urgency: '1' }, { state: 'acknowledged', severity: 'critical' });
    const found = news(
      link,
      reading({ state: '2', hold_reason: '', impact: '3', urgency: '3' }, { state: 'inProgress', severity: 'minor' }),
    );
    assert.deepEqual([found.changed, found.asMade], [['state', 'severity'], ['severity']]);
  });

  it('not a text that shows what is being written there: cut, or with what the database cannot hold replaced', () => {
    const link = { ...made(undefined, { description: 'before' }, {}), origin: 'ours' as const };
    const sent = 'The line has been down since nine o’clock 📞, please call back';
    const shown = 'The line has been down since nine o’clock ?, plea';
    assert.deepEqual(news(link, reading({ description: shown }, { description: shown }), [{ description: sent }]).changed, []);
    assert.deepEqual(news(link, reading({ description: 'other' }, { description: 'other' }), [{ description: sent }]).changed, [
      'description',
    ]);
  });

  it('a value of two columns of which only one shows what is being written there', () => {
    const link = { ...made(undefined, { impact: '2', urgency: '2' }, { severity: 'minor' }), origin: 'ours' as const };
    const shown = reading({ impact: '2', urgency: '1' }, { severity: 'major' });
    assert.deepEqual(news(link, shown, [{ impact: '1', urgency: '1' }]).changed, ['severity']);
    assert.deepEqual(news(link, shown, [{ impact: '2', urgency: '1' }]).changed, []);
  });

  describe('read before a write of ours was answered', () => {
    const link: Link = {
      ...newLink(SOURCE, '', 'ours', ''),
      raw: { description: 'ours' },
      entityVersion: '2',
      ourWrites: { description: { stamp: '7', before: 'before' } },
    };
    it('is read again where it shows what was there before: it is late, or somebody has set it back since', () => {
      const found = news(link, reading({ description: 'before' }, { description: 'before' }));
      assert.deepEqual([found.changed, found.rereadNeeded, found.overtaken], [[], true, []]);
    });

    it('is only late where its version is older than what our write was answered with', () => {
      const answered = { ...link, writtenVersion: { description: '4' } };
      const found = news(answered, reading({ description: 'before' }, { description: 'before' }));
      assert.deepEqual([found.changed, found.rereadNeeded, found.overtaken], [[], false, []]);
    });

    it('is to be read again where it shows something else, and tells of a change that our write may have gone over', () => {
      const found = news(link, reading({ description: 'theirs' }, { description: 'theirs' }));
      assert.deepEqual(
        [found.changed, found.rereadNeeded, found.overtaken],
        [[], true, [{ name: 'description', field: 'description' }]],
      );
    });

    it('is news where its version is newer than what our write was answered with', () => {
      const answered = { ...link, writtenVersion: { description: '2' } };
      assert.deepEqual(news(answered, reading({ description: 'theirs' }, { description: 'theirs' })).changed, ['description']);
    });

    it('is news where it was begun after', () => {
      assert.deepEqual(news(link, reading({ description: 'theirs' }, { description: 'theirs' }, { readAt: '8' })).changed, [
        'description',
      ]);
    });
  });
});

import assert from 'node:assert/strict';
import { newLink } from '../../src/conversation/correlate.js';
import { detectFieldChanges } from '../../src/conversation/field-changes.js';
import type { InboundMessage } from '../../src/conversation/inbound-message.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import type { Link } from '../../src/store/store.js';
import { isOlder, messageWith, SOURCE } from './incident.js';

const VERSIONED = { ...SOURCE, version: '3' };
const SOURCES = { state: ['state', 'hold_reason'], severity: ['impact', 'urgency'], description: ['description'] };

const made = (how: Link['made'], raw: Record<string, Json>, lastKnown: Record<string, Json>): Link => ({
  ...newLink(SOURCE, '', 'ours', ''),
  made: how,
  raw,
  lastKnown,
});
function reading(
  record: Record<string, Json>,
  fields: GenericMessage['fields'],
  more: Partial<InboundMessage> = {},
): InboundMessage {
  return { message: messageWith(fields, { source: VERSIONED }), record, sources: SOURCES, readAt: '5', ...more };
}
const detect = (link: Link, incoming: InboundMessage, inFlight: Record<string, Json>[] = []) =>
  detectFieldChanges(link, incoming, { inFlight: inFlight.map((fields) => ({ fields })), isOlder });

describe('the changed fields of a reading', () => {
  it('exclude the initial state of a new ticket, whichever columns it is read from', () => {
    const link = made('answered', { state: '1' }, { state: 'inProgress' });
    assert.deepEqual(detect(link, reading({ state: '1', hold_reason: '' }, { state: 'acknowledged' })).changed, []);
    const defaults = detect(link, reading({ state: '1', hold_reason: 'none' }, { state: 'acknowledged' }));
    assert.deepEqual([defaults.changed, defaults.asMade], [['state'], ['state']]);
  });

  it('include an unsent value, although the other parties once had it', () => {
    const link: Link = {
      ...newLink(SOURCE, '', 'theirs', ''),
      raw: { impact: '3' },
      lastKnown: { severity: 'minor' },
      unsent: { severity: '4' },
    };
    const shown = reading({ impact: '2', urgency: '3' }, { severity: 'minor' });
    assert.deepEqual(detect(link, shown).changed, ['severity']);
    assert.deepEqual(detect({ ...link, unsent: undefined }, shown).changed, []);
    const earlier = detect({ ...link, unsent: { severity: '6' } }, shown);
    assert.deepEqual([earlier.changed, earlier.rereadNeeded], [[], true], 'an earlier reading cannot decide: it is read again');
  });

  it('exclude what an answer shows, if the entity was read since the write was queued and no version says that the answer is newer', () => {
    const link: Link = {
      ...newLink(SOURCE, '', 'ours', ''),
      raw: { state: '6' },
      lastKnown: { state: 'resolved' },
      entityVersion: '3',
      readAt: 'e2',
    };
    const shown = { state: '2', hold_reason: '' };
    const answer = (answerTo: string, version?: string) =>
      reading(
        shown,
        { state: 'inProgress' },
        { message: messageWith({ state: 'inProgress' }, { source: { ...SOURCE, version } }), answerTo, readAt: undefined },
      );
    const late = detect(link, answer('e1'));
    assert.deepEqual([late.changed, late.rereadNeeded], [[], true]);
    assert.deepEqual(detect(link, answer('e1', '3')).changed, [], 'several changes may have one version');
    assert.deepEqual(detect(link, answer('e1', '4')).changed, ['state']);
    assert.deepEqual(detect(link, answer('e3')).changed, ['state'], 'queued after the reading');
    const same = detect({ ...link, raw: { state: '2', hold_reason: '' }, lastKnown: {} }, answer('e1'));
    assert.deepEqual([same.changed, same.rereadNeeded], [[], false], 'it differs in nothing');
  });

  it('include changes since the create was answered, and a state further along than requested', () => {
    const link = made('answered', { state: '1', impact: '1', urgency: '1' }, { state: 'acknowledged', severity: 'critical' });
    const found = detect(
      link,
      reading({ state: '2', hold_reason: '', impact: '3', urgency: '3' }, { state: 'inProgress', severity: 'minor' }),
    );
    assert.deepEqual([found.changed, found.asMade], [['state', 'severity'], []]);
  });

  it('overwrite nothing if only an event shows how a new ticket was created, except for a state further along', () => {
    const link = made('sent', { state: '1', impact: '1', urgency: '1' }, { state: 'acknowledged', severity: 'critical' });
    const found = detect(
      link,
      reading({ state: '2', hold_reason: '', impact: '3', urgency: '3' }, { state: 'inProgress', severity: 'minor' }),
    );
    assert.deepEqual([found.changed, found.asMade], [['state', 'severity'], ['severity']]);
  });

  it('exclude a text that is being written, if it is cut or its unsupported characters are replaced', () => {
    const link = { ...made(undefined, { description: 'before' }, {}), origin: 'ours' as const };
    const sent = 'The line has been down since nine o’clock 📞, please call back';
    const shown = 'The line has been down since nine o’clock ?, plea';
    assert.deepEqual(detect(link, reading({ description: shown }, { description: shown }), [{ description: sent }]).changed, []);
    assert.deepEqual(detect(link, reading({ description: 'other' }, { description: 'other' }), [{ description: sent }]).changed, [
      'description',
    ]);
  });

  it('include a value of two columns of which only one shows what is being written', () => {
    const link = { ...made(undefined, { impact: '2', urgency: '2' }, { severity: 'minor' }), origin: 'ours' as const };
    const shown = reading({ impact: '2', urgency: '1' }, { severity: 'major' });
    assert.deepEqual(detect(link, shown, [{ impact: '1', urgency: '1' }]).changed, ['severity']);
    assert.deepEqual(detect(link, shown, [{ impact: '2', urgency: '1' }]).changed, []);
  });

  describe('if the reading began before our write was answered', () => {
    const link: Link = {
      ...newLink(SOURCE, '', 'ours', ''),
      raw: { description: 'ours' },
      entityVersion: '2',
      ourWrites: { description: { stamp: '7', before: 'before' } },
    };
    it('require another reading if the earlier value is shown: the reading is late, or the value was reverted', () => {
      const found = detect(link, reading({ description: 'before' }, { description: 'before' }));
      assert.deepEqual([found.changed, found.rereadNeeded, found.overtaken], [[], true, []]);
    });

    it('are none if the version is older than the one of our write’s answer', () => {
      const answered = { ...link, writtenVersion: { description: '4' } };
      const found = detect(answered, reading({ description: 'before' }, { description: 'before' }));
      assert.deepEqual([found.changed, found.rereadNeeded, found.overtaken], [[], false, []]);
    });

    it('require another reading if a different value is shown, and report that our write may have overwritten it', () => {
      const found = detect(link, reading({ description: 'theirs' }, { description: 'theirs' }));
      assert.deepEqual(
        [found.changed, found.rereadNeeded, found.overtaken],
        [[], true, [{ name: 'description', field: 'description' }]],
      );
    });

    it('include the field if the version is newer than the one of our write’s answer', () => {
      const answered = { ...link, writtenVersion: { description: '2' } };
      assert.deepEqual(detect(answered, reading({ description: 'theirs' }, { description: 'theirs' })).changed, ['description']);
    });

    it('include the field if the reading began after the answer', () => {
      assert.deepEqual(detect(link, reading({ description: 'theirs' }, { description: 'theirs' }, { readAt: '8' })).changed, [
        'description',
      ]);
    });
  });
});

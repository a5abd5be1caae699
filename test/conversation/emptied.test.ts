import assert from 'node:assert/strict';
import { detectChanges } from '../../src/conversation/correlate.js';
import { emptiedPaths, withEmptied } from '../../src/conversation/emptied.js';
import type { GenericFields, Json } from '../../src/model/message.js';
import { conversation, isOlder, messageWith } from './incident.js';

/** A customer whose requester is one object in its record, as partners with nested records have it. */
const SOURCES = { requester: ['parties'], custom: ['u_region', 'u_floor'] };

describe('an emptied field', () => {
  let now = conversation();
  /** The message of the next reading, and the fields that changed in it. */
  const read = (record: Record<string, Json>, fields: GenericFields, emptied: Record<string, string[]> = {}) => {
    const inbound = { message: messageWith(fields), record, sources: SOURCES, emptied };
    const shown = withEmptied(inbound, now.links[0]!);
    const { message, advance } = detectChanges(now, now.links[0]!, shown, { inFlight: [], isOlder });
    now = advance(now);
    return { fields: message.fields, changed: message.changed };
  };
  beforeEach(() => {
    now = conversation();
  });

  it('of the customer’s own is a change once, also beside others', () => {
    const floor = { u_floor: '3' };
    const emptied = { 'custom.u_region': ['u_region'], 'custom.u_site': ['u_site'] };
    const empty = { u_region: '', u_site: '', ...floor };
    read({ u_region: 'EAST', ...floor }, { custom: { u_region: 'EAST', ...floor } });
    const found = read(empty, { custom: floor }, emptied);
    assert.deepEqual(found, { fields: { custom: { ...floor, u_region: '' } }, changed: ['custom'] });
    const next = read({ ...empty, u_floor: '4' }, { custom: { u_floor: '4' } }, emptied);
    assert.deepEqual(next, { fields: { custom: { u_floor: '4' } }, changed: ['custom'] });
    const refilled = read({ ...empty, u_region: 'EAST' }, { custom: { ...floor, u_region: 'EAST' } });
    assert.deepEqual(refilled.changed, ['custom']);
  });

  it('is a change if it was the only one of the customer’s own', () => {
    read({ u_region: 'EAST' }, { custom: { u_region: 'EAST' } });
    const found = read({ u_region: '' }, {}, { 'custom.u_region': ['u_region'] });
    assert.deepEqual(found, { fields: { custom: { u_region: '' } }, changed: ['custom'] });
  });

  it('of a nested record is emptied only if it had a value', () => {
    const name = 'Ada';
    const emptied = { 'requester.phone': ['parties'], 'requester.email': ['parties'] };
    read({ parties: ['Ada', 'mail'] }, { requester: { name, email: 'ada@example.com' } });
    const found = read({ parties: ['Ada'] }, { requester: { name } }, emptied);
    assert.deepEqual(found, { fields: { requester: { name, email: '' } }, changed: ['requester'] });
    const other = read({ parties: ['Ada L.'] }, { requester: { name: 'Ada L.' } }, emptied);
    assert.deepEqual(other.fields, { requester: { name: 'Ada L.' } });
  });

  it('is emptied again by a replay', () => {
    read({ u_region: 'EAST' }, { custom: { u_region: 'EAST' } });
    const emptied = { 'custom.u_region': ['u_region'] };
    const { fields } = read({ u_region: '' }, {}, emptied);
    const inbound = { message: messageWith({}), record: { u_region: '' }, sources: {}, emptied };
    assert.deepEqual(withEmptied(inbound, now.links[0]!, emptiedPaths(fields)).message.fields, fields);
  });
});

import assert from 'node:assert/strict';
import type { Attributes } from '../../../src/endpoints/tmf/attributes.js';
import { dialectOf } from '../../../src/endpoints/tmf622/dialect.js';
import { parse } from '../../../src/endpoints/tmf622/parse.js';
import type { Json } from '../../../src/model/message.js';

const context = (version: 'v4' | 'v5' = 'v5', profile: 'standard' | 'servicenow' = 'standard') => ({
  endpoint: 'p',
  entityType: 'productOrder',
  baseUrl: 'https://north.example',
  dialect: dialectOf(version, profile),
});
const order: Attributes = { id: 'PO-1', href: '/po/PO-1', state: 'inProgress', creationDate: '2026-03-01T08:00:00Z' };
const said = (more: Attributes, event?: Json, cancel?: Attributes) =>
  parse({ order: { ...order, ...more }, ...(event !== undefined && { event }), ...(cancel && { cancel }) }, context()).comments;
const texts = (...given: Parameters<typeof said>) => said(...given).map((c) => c.text);

describe('a parsed order', () => {
  it('has its id, its URL and our reference, wherever its version keeps it', () => {
    const list: Json = [{ id: 'theirs' }, { id: 'SWB-1/north' }];
    const v5 = parse({ order: { ...order, externalId: list } }, context('v5')).source;
    const v4 = parse({ order: { ...order, externalId: 'SWB-1' } }, context('v4')).source;
    assert.deepEqual([v5.id, v5.url, v5.reference], ['PO-1', 'https://north.example/po/PO-1', 'SWB-1/north']);
    assert.equal(v4.reference, 'SWB-1');
    assert.equal(parse({ order: { ...order, externalId: 'PO-456' } }, context('v4')).source.reference, undefined);
  });

  it('has a version only where it shows a time of change, not by the time of an event or of its creation', () => {
    const event = {
      eventType: 'ProductOrderStateChangeEvent',
      eventTime: '2026-03-02T08:00:00Z',
      event: { productOrder: order },
    };
    assert.equal(parse({ order, event }, context()).source.version, undefined);
    const { source } = parse({ order: { ...order, lastUpdate: '2026-03-02T09:00:00Z' } }, context());
    assert.deepEqual([source.version, source.changedAt], ['2026-03-02T09:00:00.000Z', '2026-03-02T09:00:00.000Z']);
  });

  it('is deleted where an event says so', () => {
    const event = { eventType: 'ProductOrderDeleteEvent', event: { productOrder: { id: 'PO-1' } } };
    assert.equal(parse({ order: { id: 'PO-1' }, event }, context()).deleted, true);
  });

  it('has its notes as comments', () => {
    const note = [{ id: 'n1', text: 'On our way', author: 'Ann', date: '2026-03-01T08:00:00Z' }];
    assert.deepEqual(said({ note }), [
      { id: 'n1', text: 'On our way', author: 'Ann', at: '2026-03-01T08:00:00.000Z', visibility: 'public' },
    ]);
  });

  it('has the notes of its items as comments that name the item', () => {
    const productOrderItem = [{ id: '10', note: [{ id: 'n1', text: 'Cable is in' }] }];
    assert.deepEqual(
      said({ productOrderItem }).map((c) => [c.id, c.text]),
      [['item|10|n1', 'Item 10: Cable is in']],
    );
  });

  it('shows errors, risks and milestones in plain words, each once', () => {
    const told: Attributes = {
      productOrderErrorMessage: [
        { code: '456', reason: 'missing attribute', message: 'bandwidth is needed', timestamp: '2026-03-01T08:00:00Z' },
      ],
      productOrderJeopardyAlert: [
        { id: 'a1', jeopardyType: 'Appointment', message: 'no slot', productOrderItem: [{ productOrderItemId: '10' }] },
      ],
      productOrderMilestone: [
        { id: 'm1', name: 'Survey', status: 'Completed', message: 'site is ready' },
        { id: 'm2', name: 'Handover', status: 'Yet-To-Reach', milestoneDate: '2026-04-01T00:00:00Z' },
        { id: 'm3', status: 'Violated' },
      ],
    };
    assert.deepEqual(texts(told), [
      'Error (456). missing attribute. bandwidth is needed.',
      'At risk (Appointment). no slot. Item 10.',
      'Milestone reached: Survey. site is ready.',
      'Milestone planned for 2026-04-01: Handover.',
      'Milestone missed.',
    ]);
    const event = {
      eventType: 'ProductOrderMilestoneEvent',
      event: { productOrder: { id: 'PO-1', productOrderMilestone: [{ id: 'm1', status: 'Completed' }] } },
    };
    assert.deepEqual(
      said(told, event).map((c) => c.id),
      said(told).map((c) => c.id),
      'what the event repeats is not said twice',
    );
  });

  it('shows what only the event has', () => {
    const event = {
      eventType: 'ProductOrderErrorMessageEvent',
      event: { productOrder: { id: 'PO-1', productOrderErrorMessage: [{ code: '7', message: 'no stock' }] } },
    };
    assert.deepEqual(texts({}, event), ['Error (7). no stock.']);
  });

  it('asks for missing information, with the same id whenever the event is repeated', () => {
    const event = {
      eventId: 'e9',
      eventType: 'ProductOrderInformationRequiredEvent',
      description: 'Which floor?',
      event: { productOrder: { id: 'PO-1' }, informationRequired: { op: 'add', path: 'agreement.id' } },
    };
    const [asked, more] = said({}, event);
    assert.deepEqual([asked?.text, more], ['Information required: agreement.id. Which floor?', undefined]);
    assert.equal(said({}, structuredClone(event))[0]?.id, asked?.id);
  });

  it('asks a different question under an id that was used before', () => {
    const asks = (description: string) => {
      const event = { productOrder: { id: 'PO-1' } };
      return said({}, { eventId: 'e9', eventType: 'ProductOrderInformationRequiredEvent', description, event })[0]!.id;
    };
    assert.notEqual(asks('Which floor?'), asks('Which room?'));
  });

  it('reports a milestone that moves, and nothing twice', () => {
    const at = (status: string) => said({ productOrderMilestone: [{ id: 'm1', name: 'Survey', status }] })[0]!.id;
    assert.equal(at('Completed'), at('Completed'));
    assert.notEqual(at('Yet-To-Reach'), at('Completed'));
  });

  for (const state of ['rejected', 'terminatedWithError']) {
    it(`reports that its cancellation was refused (${state}), and keeps its own state`, () => {
      const cancel = { id: 'C-1', state, reason: 'Work has begun.' };
      const { comments, record } = parse({ order, cancel }, context());
      assert.deepEqual(comments, [
        { id: `cancel|C-1|${state}`, text: 'Cancellation refused: Work has begun.', visibility: 'public' },
      ]);
      assert.equal(record.state, 'inProgress');
    });
  }

  it('reports nothing about an accepted or open cancellation, because its state shows it', () => {
    for (const state of ['acknowledged', 'accepted', 'inProgress'])
      assert.deepEqual(said({}, undefined, { id: 'C-1', state }), []);
    for (const state of ['done', 'cancelled'])
      assert.deepEqual(said({ state: 'pendingCancellation' }, undefined, { id: 'C-1', state }), []);
  });
});

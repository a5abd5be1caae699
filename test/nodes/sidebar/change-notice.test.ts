import assert from 'node:assert/strict';
import { ChangeNotice } from '../../../nodes/sidebar/change-notice.js';
import { IntakeTroubles } from '../../../src/delivery/intake-troubles.js';
import { until } from '../../live/node-red.js';

describe('the notice that something changed', () => {
  it('is given when a poll begins to fail and when it works again, though nothing is stored', async () => {
    let told = 0;
    const notice = new ChangeNotice(() => told++);
    const intakeTroubles = new IntakeTroubles(Date.now);
    notice.follow([{ id: 'b', store: { watch: () => () => undefined }, intakeTroubles }]);
    await until('the first notice', () => told === 1);
    intakeTroubles.begin('n', { endpoint: 'e', name: 'in', part: 'poll', reason: 'Nobody listens.' });
    await until('the trouble', () => told === 2);
    intakeTroubles.begin('n', { endpoint: 'e', name: 'in', part: 'poll', reason: 'Nobody listens.' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(told, 2, 'the same again is no news');
    intakeTroubles.end('n', 'poll');
    await until('its end', () => told === 3);
    notice.follow([]);
  });
});

import assert from 'node:assert/strict';
import { ChangeNotice } from '../../../nodes/sidebar/change-notice.js';
import { IntakeTroubles } from '../../../src/delivery/intake-troubles.js';
import { until } from '../../live/node-red.js';

describe('the change notice', () => {
  it('is sent when a poll starts to fail and when it works again, although nothing is stored', async () => {
    let notices = 0;
    const notice = new ChangeNotice(() => notices++);
    const intakeTroubles = new IntakeTroubles(Date.now);
    notice.follow([{ id: 'b', store: { watch: () => () => undefined }, intakeTroubles }]);
    await until('the first notice', () => notices === 1);
    intakeTroubles.begin('n', { endpoint: 'e', name: 'in', part: 'poll', reason: 'Nobody listens.' });
    await until('the trouble', () => notices === 2);
    intakeTroubles.begin('n', { endpoint: 'e', name: 'in', part: 'poll', reason: 'Nobody listens.' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(notices, 2, 'the same trouble again is no change');
    intakeTroubles.end('n', 'poll');
    await until('its end', () => notices === 3);
    notice.follow([]);
  });
});

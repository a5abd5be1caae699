import assert from 'node:assert/strict';
import { hubStatus } from '../../../nodes/kit/hub-status.js';

describe('the node status of a hub registration', () => {
  const at = (day: number, hour: number, minute: number) => new Date(2026, 0, day, hour, minute).getTime();
  const now = at(5, 12, 30);

  it('shows since when it exists, the last event and the last check', () => {
    const state = { certain: true, since: at(5, 9, 5), lastEvent: at(5, 12, 1), checked: now };
    assert.equal(hubStatus(state, now), 'registered since 09:05, last event 12:01, checked 12:30');
  });

  it('shows the date if it is not today', () => {
    assert.equal(hubStatus({ certain: true, since: at(4, 9, 5) }, now), 'registered since 01-04 09:05');
  });

  it('shows that the node polls while the registration is unconfirmed', () => {
    assert.equal(hubStatus({ certain: false }, now), 'registration unconfirmed, polling');
  });
});

import assert from 'node:assert/strict';
import { StoreBackOff } from '../../src/delivery/store-back-off.js';
import { SwitchboardError } from '../../src/errors.js';

describe('a failure of the store', () => {
  const levelOf = (error: unknown) => {
    const levels: string[] = [];
    new StoreBackOff(
      () => 0,
      (level) => levels.push(level),
    ).failed('Messages could not be read', error);
    return levels.join();
  };

  it('is logged as an error, but not that the store was closed by a deploy', () => {
    assert.equal(levelOf(new Error('EIO')), 'error');
    assert.equal(levelOf(new SwitchboardError('SWB_CLOSED', 'The store is not open.')), 'info');
  });
});

import assert from 'node:assert/strict';
import { isGranted, type Permission } from '../../../nodes/kit/rights.js';

describe('the permissions of a user', () => {
  const GRANTED: [scope: string | string[] | undefined, ...permissions: Permission[]][] = [
    ['*', 'switchboard.read', 'switchboard.write', 'switchboard.export', 'flows.write'],
    ['read', 'switchboard.read'],
    ['*.read', 'switchboard.read'],
    ['write', 'switchboard.write', 'flows.write'],
    [['read', 'switchboard.export'], 'switchboard.read', 'switchboard.export'],
    [['flows.read'], ...([] as Permission[])],
    [[], ...([] as Permission[])],
    [undefined, ...([] as Permission[])],
  ];
  const ALL: Permission[] = ['switchboard.read', 'switchboard.write', 'switchboard.export', 'flows.write'];
  for (const [scope, ...permissions] of GRANTED)
    it(`of ${JSON.stringify(scope)} are those that Node-RED grants`, () =>
      assert.deepEqual(
        ALL.filter((one) => isGranted({ user: { username: 'u' }, authInfo: { scope } }, one)),
        permissions,
      ));

  it('are all of them where nobody has to sign in', () => assert.ok(ALL.every((one) => isGranted({}, one))));
});

import assert from 'node:assert/strict';
import { allowedHosts, isAllowedHost } from '../../src/http/allowed-hosts.js';

/** Whether a setting allows an address. */
function allows(setting: string, address: string): boolean {
  const { hosts, invalid } = allowedHosts(setting);
  assert.equal(invalid, undefined);
  const { hostname, port, protocol } = new URL(address);
  return isAllowedHost(hosts, hostname, port || (protocol === 'https:' ? '443' : '80'));
}

describe('other hosts of an endpoint', () => {
  const CASES: [setting: string, address: string, allowed: boolean][] = [
    ['', 'https://files.partner.example/a', false],
    ['files.partner.example', 'https://files.partner.example/a', true],
    ['files.partner.example', 'http://files.partner.example/a', true],
    ['Files.Partner.Example', 'https://FILES.partner.example', true],
    ['files.partner.example.', 'https://files.partner.example', true],
    ['files.partner.example', 'https://files.partner.example./a', true],
    ['files.partner.example', 'https://files.partner.example:8443', false],
    ['files.partner.example:8443', 'https://files.partner.example:8443', true],
    ['files.partner.example:8443', 'https://files.partner.example', false],
    ['files.partner.example:443', 'https://files.partner.example', true],
    ['files.partner.example:443', 'http://files.partner.example', false],
    ['files.partner.example', 'https://partner.example', false],
    ['files.partner.example', 'https://a.files.partner.example', false],
    ['files.partner.example', 'https://files.partner.example.evil.example', false],
    ['files.partner.example', 'https://evil.example/files.partner.example', false],
    ['files.partner.example', 'https://files.partner.example@evil.example', false],
    ['files.partner.example', 'https://evilfiles.partner.example', false],
    ['a.example, b.example;c.example\nd.example', 'https://c.example', true],
    ['a.example, b.example;c.example\nd.example', 'https://d.example', true],
    ['a.example b.example', 'https://b.example', true],
    ['*.partner.example', 'https://files.partner.example', true],
    ['*.partner.example', 'https://a.b.partner.example', true],
    ['*.partner.example', 'https://partner.example', false],
    ['*.partner.example', 'https://evilpartner.example', false],
    ['*.partner.example:8443', 'https://files.partner.example:8443', true],
    ['*.partner.example:8443', 'https://files.partner.example', false],
    ['bücher.example', 'https://xn--bcher-kva.example', true],
    ['10.1.2.3', 'http://10.1.2.3/a', true],
    ['10.1.2.3', 'http://0x0a.1.2.3/a', true],
    ['10.1.2.3', 'http://10.1.2.4/a', false],
    ['10.1.2.3:8080', 'http://167838211:8080', true],
    ['10.1.2.3', 'http://a.10.1.2.3.example', false],
    ['::1', 'http://[::1]/a', true],
    ['fd00::1', 'http://[FD00:0::1]/a', true],
    ['[fd00::1]:8443', 'https://[fd00::1]:8443', true],
    ['[fd00::1]', 'https://[fd00::2]', false],
    ['localhost', 'http://localhost', true],
    ['files_1.partner.example', 'https://files_1.partner.example', true],
  ];
  for (const [setting, address, allowed] of CASES)
    it(`${JSON.stringify(setting)} ${allowed ? 'include' : 'do not include'} ${address}`, () =>
      assert.equal(allows(setting, address), allowed));

  for (const entry of [
    ...['*', '*.', '*.example', '*.1.2.3', '*.*.example', 'a.*.example', '*:443', '.partner.example', 'https://partner.example'],
    ...['partner.example/files', 'ann@partner.example', 'partner.example:', 'partner.example:x', 'partner.example:70000'],
    ...['[::1', '::1]', '1.2.3.999', '10.0.0.0/8', 'a..example', '*.[::1]', '%', 'a%2eb', '?'],
  ])
    it(`cannot be "${entry}", which is named`, () => {
      const { hosts, invalid } = allowedHosts(`a.example ${entry} b.example`);
      assert.deepEqual([invalid, hosts.length], [entry, 2]);
    });
});

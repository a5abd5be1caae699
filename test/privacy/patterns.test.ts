import assert from 'node:assert/strict';
import { addressesIn, emailsIn, phonesIn } from '../../src/privacy/patterns.js';
import type { Span } from '../../src/text/spans.js';

const found = (find: (text: string) => Span[], text: string) => find(text).map(({ start, end }) => text.slice(start, end));

describe('patterns of people’s data', () => {
  const EMAILS: [text: string, ...emails: string[]][] = [
    ['Mail jan.peeters@acme.example.', 'jan.peeters@acme.example'],
    ['<jan@acme.example>, "Eva"<eva+noc@mail.acme.example>', 'jan@acme.example', 'eva+noc@mail.acme.example'],
    ['?user=jan%40acme.example&x=1', 'user=jan%40acme.example'],
    ['mailto:o’hara@müller.example', 'hara@müller.example'],
    ['user@host, a @ b, @home.example'],
  ];
  for (const [text, ...emails] of EMAILS) it(`e-mail: ${text}`, () => assert.deepEqual(found(emailsIn, text), emails));

  const PHONES: [text: string, ...phones: string[]][] = [
    ['Call +49 40 1234517 or +32(0)9-123.45.67', '+49 40 1234517', '+32(0)9-123.45.67'],
    ['tel:+49401234517', '+49401234517'],
    ['0049401234517, 040 1234517, (040) 123-4517', '0049401234517', '040 1234517', '(040) 123-4517'],
    ['555-123-4567', '555-123-4567'],
    ['2026-03-02 08:20:11, 02.03.2026 08:20, 2026-03-02T08:20:11.000Z'],
    ['INC0010021, 20260302, 4711 0815, 10.1.2.3, SWB-0123456789AB, 00000003'],
    ['9c573169c611228700193229fff72400'],
  ];
  for (const [text, ...phones] of PHONES) it(`telephone: ${text}`, () => assert.deepEqual(found(phonesIn, text), phones));

  const ADDRESSES: [text: string, ...addresses: string[]][] = [
    ['from 10.1.2.3, 192.168.0.254:8080', '10.1.2.3', '192.168.0.254'],
    ['2001:db8::17 and ::1', '2001:db8::17', '::1'],
    ['1.2.3, 999.1.1.1, 08:15:11, v1.2.3.4'],
  ];
  for (const [text, ...ips] of ADDRESSES) it(`IP: ${text}`, () => assert.deepEqual(found(addressesIn, text), ips));
});

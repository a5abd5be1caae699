import assert from 'node:assert/strict';
import { errorText, errorWords } from '../../src/http/error-text.js';

describe('the error in a partner’s answer', () => {
  const CASES: [string, unknown, string][] = [
    ['of ServiceNow', { error: { message: 'Invalid table', detail: 'u_x' }, status: 'failure' }, 'Invalid table, u_x'],
    ['of TMF630', { code: '60', reason: 'Invalid body', message: 'severity is missing.' }, 'severity is missing, Invalid body'],
    ['that has only a code', { code: 60 }, '60'],
    ['of OAuth', { error: 'invalid_client', error_description: 'Unknown client' }, 'Unknown client, invalid_client'],
    [
      'by RFC 7807',
      {
        type: 'https://x/p',
        title: 'Not valid',
        status: 422,
        detail: 'Two fields are wrong.',
        'invalid-params': [{ name: 'severity', reason: 'must be Minor' }],
      },
      'Not valid, Two fields are wrong, severity: must be Minor',
    ],
    ['in a list', [{ message: 'Number is taken' }, { message: 'Group is unknown' }], 'Number is taken, Group is unknown'],
    [
      'of AR System',
      [{ messageType: 'ERROR', messageText: 'Entry does not exist', messageAppendedText: 'HPD:Help Desk', messageNumber: 302 }],
      'Entry does not exist, HPD:Help Desk',
    ],
    ['in a list of errors', { errors: [{ code: 'E1', message: 'No such group' }] }, 'No such group'],
    ['of JSON:API', { errors: [{ title: 'Bad', detail: 'Text is empty', source: { pointer: '/text' } }] }, 'Bad, Text is empty'],
    ['of texts', { errorMessages: ['Issue is gone'], errors: {} }, 'Issue is gone'],
    ['by field', { errors: { summary: 'is required', labels: ['is unknown'] } }, 'summary: is required, labels: is unknown'],
    [
      'of a gateway',
      { fault: { faultstring: 'Quota is used up', detail: { errorcode: 'policies.ratelimit.QuotaViolation' } } },
      'Quota is used up, policies.ratelimit.QuotaViolation',
    ],
    ['of a gateway with the answer behind it', { message: '{"errors":[{"message":"No access"}]}' }, 'No access'],
    ['without words', { done: false }, '{"done":false}'],
    ['that is null', null, 'null'],
  ];
  for (const [what, body, words] of CASES)
    it(`${what} is shown in words`, () => assert.equal(errorText(JSON.stringify(body)), words));

  const TEXTS: [string, string, string][] = [
    [
      'of SOAP 1.1',
      '<s:Envelope><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>Ticket &quot;7&quot; is locked</faultstring></s:Fault></s:Body></s:Envelope>',
      'Ticket "7" is locked',
    ],
    [
      'of SOAP 1.2',
      '<e:Envelope><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Not now</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>',
      'Not now',
    ],
    [
      'on a web page',
      '<html><head><title>Sorry</title><style>p {color: red}</style></head><body><script>go()</script><p>Down for\n maintenance &amp; repair</p></body></html>',
      'Sorry Down for maintenance & repair',
    ],
    ['in plain text', 'no healthy upstream\n', 'no healthy upstream'],
    ['after a byte order mark', '\ufeff{"message":"No"}', 'No'],
    ['of nothing', '', ''],
  ];
  for (const [what, answer, words] of TEXTS) it(`${what} is shown in words`, () => assert.equal(errorText(answer), words));

  it('is short, however long or deep the answer', () => {
    assert.ok(errorText('x'.repeat(100_000)).length <= 500);
    assert.ok((errorWords({ errors: Array.from({ length: 1000 }, (_, n) => ({ message: `error ${n}` })) }) ?? '').length <= 500);
    assert.equal(errorWords(JSON.parse(`${'{"error":'.repeat(5000)}"deep"${'}'.repeat(5000)}`)), undefined);
  });
});

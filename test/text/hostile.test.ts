import assert from 'node:assert/strict';
import { unpadded } from '../../src/conversation/item-compare.js';
import { matchesPattern } from '../../src/conversation/route-condition.js';
import { likelyField } from '../../src/conversation/route-fields.js';
import { smallerPage } from '../../src/endpoints/page-size.js';
import { postedEvents } from '../../src/endpoints/posted-events.js';
import { plainText } from '../../src/endpoints/servicenow/html.js';
import { serviceNowTimeToIso } from '../../src/endpoints/servicenow/parse.js';
import { withoutCodeTags } from '../../src/endpoints/servicenow/render.js';
import { addressIn } from '../../src/endpoints/servicenow/webhook-values.js';
import { comparableTexts, containsText, sameText, showsAfterPrefix, showsText } from '../../src/endpoints/text-match.js';
import { isoTime as tmfTime } from '../../src/endpoints/tmf/attributes.js';
import { withoutMark } from '../../src/endpoints/tmf621/dialect.js';
import type { PartnerError } from '../../src/errors.js';
import { errorText, errorWords, stripMarkup } from '../../src/http/error-text.js';
import { maskSecrets } from '../../src/http/masking.js';
import { jsonIn, receivedBody } from '../../src/http/received-body.js';
import { shapeOf } from '../../src/json-shape.js';
import { shortPath } from '../../src/mapping/catalog/field.js';
import { parsePath } from '../../src/mapping/paths.js';
import { isoTime } from '../../src/mapping/times.js';
import { choiceKey } from '../../src/model/choice.js';
import { addressesIn, emailsIn, phonesIn } from '../../src/privacy/patterns.js';
import { searchValue, searchWords } from '../../src/store/record-keys.js';
import { percentDecoded } from '../../src/text/percent.js';

/** Whatever partners and users write goes through these. A new one that reads such texts belongs here. */
const READERS: Record<string, (text: string) => unknown> = {
  addressesIn,
  emailsIn,
  phonesIn,
  addressIn: (text) => addressIn(() => text),
  choiceKey,
  comparableTexts,
  containsText: (text) => containsText(text, 'The card was replaced in the second rack'),
  errorText,
  errorWords: (text) => errorWords({ message: text, detail: `<${text}` }),

  isoTime,
  jsonIn,
  likelyField,
  maskSecrets: (text) => maskSecrets(text, ['a secret of mine']),
  matchesPattern: (text) => matchesPattern('*a*a*a*a*a*a*a*x*', text),
  parsePath,
  percentDecoded,
  plainText,
  postedEvents: (text) =>
    postedEvents([text, { message: text, data_base64: btoa(text.toWellFormed().replace(/[^ -~]/g, '?')) }], {}),
  sameText: (text) => sameText(text, `${text}.`),
  searchValue,
  searchWords,
  shapeOf: (text) => shapeOf(text, { depth: 1e6, values: 1e9, names: 1e9 }),
  serviceNowTimeToIso,
  shortPath,
  showsAfterPrefix: (text) => showsAfterPrefix(`[web] Ann: ${text}`, text),
  showsText: (text) => showsText(text, 'The card was replaced in the second rack', 'Ann'),
  smallerPage: (text) => smallerPage(100, { status: 400, answer: `limit ${text}` } as PartnerError),
  stripMarkup,
  tmfTime,
  unpadded,
  withoutCodeTags,
  withoutMark,
};

const FORM = 'application/x-www-form-urlencoded';
const PARTS = 'multipart/form-data; boundary=b';
const range = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i));
const parted = (parts: string[]) =>
  `${parts.map((part) => `--b\r\nContent-Disposition: form-data${part}\r\n`).join('')}--b--\r\n`;

/** What is repeated to make a text hostile: beginnings without their end, and what such expressions wait for. */
const PIECES = [
  ...[
    'a',
    ' ',
    '\n',
    '\r\n',
    '\u00a0',
    '.',
    '-',
    '0',
    '\\',
    '"',
    '=',
    '*',
    '%',
    '%2',
    '/',
    'é',
    'e\u0301',
    '😀',
    '\u0000',
    'a ',
    '1 a',
  ],
  ...[
    '<',
    '>',
    '</',
    '<!--',
    '<a ',
    '<a href="',
    '<a>',
    '<p>',
    '<p ',
    '<br>',
    '<br ',
    '<li>',
    '<li><p',
    '<script',
    '<script>',
    '<img alt="',
  ],
  ...['&', '&amp;', '&#', '&#x41;', '[', ']', '[]', '[code]', '[/code]', '[code]<p>', '[code]>', '\n[ref SWB-', '[a=b]', '{a=b}'],
  ...[
    '{',
    '{"a":',
    '["',
    '"token',
    '"token":',
    'token=',
    '?token=',
    'Bearer ',
    'SWB-',
    'swb-a/',
    'limit ',
    'limit 1',
    'sys_id=',
    'a.do?',
    'fields.',
  ],
  ...[': ', '> ', 'x]: ', '2026-01-01 ', '12:'],
];
const ENDS = ['', 'x'];
/** Characters, and twice as many. */
const LENGTH = 8_000;
/** Less is noise of this machine, milliseconds. */
const NOISE = 25;
/** Linear work takes twice as long for twice the length, quadratic work four times. */
const MOST = 3;
const TRIES = 6;

/** Bodies of requests as large as their limits let them be, and half of that: each makes one of so many parts. */
const BODIES: Record<string, [most: number, type: string, of: (count: number) => string]> = {
  'fields of a form': [1_000, FORM, (count) => range(count, (i) => `k${i}=${'%41'.repeat(300)}`).join('&')],
  'characters of a field': [300_000, FORM, (count) => `k=${'%41'.repeat(count)}`],
  'parts of a form': [1_000, PARTS, (count) => parted(range(count, (i) => `; name="k${i}"\r\n\r\n${'x'.repeat(900)}`))],
  'headers of a part': [150_000, PARTS, (count) => parted([`; name="k"\r\n${'X: y\r\n'.repeat(count)}\r\n1`])],
  'line breaks in a part': [200_000, PARTS, (count) => parted([`; name="k"\r\n\r\n${'\r\n--'.repeat(count)}`])],
  'escapes in the name of a part': [300_000, PARTS, (count) => parted([`; name="${'%22'.repeat(count)}"\r\n\r\n1`])],
  'names of an object': [9_999, '', (count) => `{${range(count, (i) => `"${i * 65_536}":1`).join(',')}}`],
  'values of a list': [99_999, '', (count) => `[${range(count, () => '{}').join(',')}]`],
  'JSON texts in lines': [49_999, '', (count) => '{"a":1}\n'.repeat(count)],
  'texts in base64': [900, '', (count) => `[${range(count, () => `{"data":"${btoa(`[${'{},'.repeat(50)}{}]`)}"}`).join(',')}]`],
};

describe('texts of partners and users', () => {
  for (const [name, [most, type, of]] of Object.entries(BODIES))
    it(`that are bodies with many ${name} take no longer than in proportion to their number`, async () => {
      const headers = { 'content-type': type };
      const took = async (count: number) => {
        const body = Buffer.from(of(count));
        const begun = performance.now();
        // Whether it is accepted is another matter.
        await receivedBody(body, headers, 1e9)
          .then((value) => postedEvents(value, headers))
          .catch(() => undefined);
        return performance.now() - begun;
      };
      let ratio = Number.POSITIVE_INFINITY;
      for (let tried = 0; tried < TRIES && ratio > MOST; tried++) {
        const long = await took(most);
        if (long < NOISE) return;
        ratio = Math.min(ratio, long / (await took(Math.floor(most / 2))));
      }
      assert.ok(ratio <= MOST, `twice as many take ${ratio.toFixed(1)} times as long`);
    });

  for (const [name, reader] of Object.entries(READERS))
    it(`take ${name} no longer than in proportion to their length, however hostile`, () => {
      for (const piece of PIECES)
        for (const end of ENDS) requireProportion(reader, `${name} of ${JSON.stringify(piece)}…${end}`, piece, end);
    });
});

function requireProportion(reader: (text: string) => unknown, what: string, piece: string, end: string): void {
  const textOf = (length: number) => piece.repeat(Math.ceil(length / piece.length)) + end;
  const [short, long] = [textOf(LENGTH), textOf(2 * LENGTH)];
  let ratio = Number.POSITIVE_INFINITY;
  // The best of several, because others use this machine too; most readers are done before that matters.
  for (let tried = 0; tried < TRIES && ratio > MOST; tried++) {
    const took = time(reader, long);
    if (took < NOISE) return;
    ratio = Math.min(ratio, took / time(reader, short));
  }
  assert.ok(ratio <= MOST, `${what}: twice the length takes ${ratio.toFixed(1)} times as long`);
}

function time(reader: (text: string) => unknown, text: string): number {
  const start = performance.now();
  try {
    reader(text);
  } catch {
    // Whether it is accepted is another matter.
  }
  return performance.now() - start;
}

import { decodeHTML } from '../bundled/entities.js';
import { withoutEnd, withoutTags } from '../text/hostile.js';
import { jsonIn } from './answer-json.js';

/** Maximum number of quoted characters of an answer. */
export const QUOTE_LENGTH = 500;
/** Maximum number of errors of a list that are quoted. */
const MAX_ERRORS = 5;
/** Characters of a page that are searched: its text stands at its beginning, and a hostile page must not take long. */
const MAX_PAGE = 20_000;
/** What an explanation ends with. */
const STOP = /[.\s]/;
/** Errors contain errors: RFC 7807, JSON:API and gateways nest two or three. */
const MAX_DEPTH = 4;

/**
 * Attributes whose text explains an error, the most general first: RFC 7807 (title, detail), TMF630 (message, reason), OAuth
 * (error_description), Apigee and SOAP (faultstring), AR System (messageText), Jira (errorMessage).
 */
const EXPLANATIONS = [
  'title',
  'message',
  'messageText',
  'messageAppendedText',
  'errorMessage',
  'faultstring',
  'detail',
  'details',
  'reason',
  'error_description',
  'error',
  'description',
];
/** Attributes that contain errors: objects, lists, or texts by the name of a field. */
const CONTAINERS = [
  'error',
  'errors',
  'errorMessages',
  'fault',
  'detail',
  'details',
  'exception',
  'messages',
  'violations',
  'invalid-params',
  'invalidParams',
];
/** Attributes that name the field that an error is about. */
const FIELDS = ['field', 'name', 'path', 'property', 'pointer', 'propertyPath'];
/** What is quoted where nothing explains the error. */
const CODES = ['code', 'errorCode', 'errorcode', 'messageNumber'];

/**
 * The error of a partner in words, from its answer: JSON in any of the usual forms,
 * SOAP faults, web pages; anything else is quoted. '' for an empty answer.
 */
export function errorText(answer: string): string {
  return shortened(errorWords(parsed(answer)) ?? faultOf(answer) ?? stripMarkup(answer));
}

/** The words that explain an error in a parsed body; undefined where it has none. */
export function errorWords(body: unknown): string | undefined {
  const words = [...new Set(explanations(body, 0))].filter(Boolean);
  return words.length > 0 ? shortened(words.join(', ')) : undefined;
}

/** The text of a web page on one line, without what a browser does not show. */
export function stripMarkup(page: string): string {
  const shown = page.slice(0, MAX_PAGE).replace(/<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ');
  return oneLine(decodeHTML(withoutTags(shown)));
}

/** The reason of a SOAP fault (SOAP 1.1 §4.4: faultstring; SOAP 1.2 §5.4: Reason with Text). */
function faultOf(answer: string): string | undefined {
  const page = answer.slice(0, MAX_PAGE);
  if (!/<(?:\w+:)?Fault\b/.test(page)) return undefined;
  const [, text] = /<(?:\w+:)?(?:faultstring|Text)\b[^>]*>([^<]*)</.exec(page) ?? [];
  return text && stripMarkup(text);
}

function explanations(body: unknown, depth: number): string[] {
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(body))
    return body
      .slice(0, MAX_ERRORS)
      .flatMap((entry) => (typeof entry === 'string' ? [plain(entry)] : explanations(entry, depth + 1)));
  if (typeof body !== 'object' || body === null) return [];
  const given = body as Record<string, unknown>;
  const own = textsAt(given, EXPLANATIONS);
  const inner = CONTAINERS.flatMap((name) => contained(given[name], depth + 1));
  const words = [...own, ...inner];
  if (words.length === 0) return textsAt(given, CODES);
  const [field] = depth > 0 ? textsAt(given, FIELDS) : [];
  return field === undefined ? words : [`${field}: ${words[0]}`, ...words.slice(1)];
}

/** Errors in a container; one that is a table has a text, or a list of texts, for each field. */
function contained(value: unknown, depth: number): string[] {
  const words = explanations(value, depth);
  if (words.length > 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return words;
  return Object.entries(value)
    .slice(0, MAX_ERRORS)
    .flatMap(([field, texts]) =>
      [texts].flat().flatMap((text) => (typeof text === 'string' ? [`${field}: ${plain(text)}`] : [])),
    );
}

function textsAt(given: Record<string, unknown>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = given[name];
    return (typeof value === 'string' && value.trim() !== '') || typeof value === 'number' ? [plain(String(value))] : [];
  });
}

/** A text inside an error may itself be a page, or JSON of the system behind a gateway. */
function plain(text: string): string {
  const inner = /^\s*[[{]/.test(text) ? errorWords(parsed(text)) : undefined;
  return withoutEnd(inner ?? (/^\s*</.test(text) ? stripMarkup(text) : oneLine(text)), STOP);
}

/** Undefined where it is a page or plain text. */
function parsed(text: string): unknown {
  return jsonIn(text.replace(/^\ufeff/, ''));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function shortened(text: string): string {
  return withoutEnd(text.slice(0, QUOTE_LENGTH), STOP);
}

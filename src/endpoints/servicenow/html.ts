import { decodeHTML } from '../../bundled/entities.js';

/** Tags that begin and end a line of their own. */
const BLOCK =
  /<\/?(?:address|article|blockquote|body|center|dd|div|dl|dt|footer|form|h[1-6]|header|hr|html|main|ol|p|pre|section|table|tbody|thead|tr|ul)\b[^<>]*>/gi;
/** Elements without visible text. */
const HIDDEN = /<!--[\s\S]*?(?:-->|$)|<(script|style|head|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
const AROUND = 'p|div|ul|ol|table|html|body|h[1-6]|blockquote|section|article|span|font|a';
/** A text with one of these around all of it is HTML: nobody types that by hand. */
const WRAPPED = new RegExp(`^\\s*<(${AROUND})\\b[^<>]*>[\\s\\S]*</(${AROUND})>\\s*(<br\\s*/?>\\s*)*$`, 'i');
/** Nor does anybody type this between all lines. */
const BROKEN = /<br\s*\/?>[^<>]*<br\s*\/?>/i;
/** A link up to its end; none that contains another one, which would take long to find in a hostile text. */
const LINK = /<a\b([^<>]*)>((?:(?!<a\b)[\s\S])*?)<\/a\s*>/gi;

/**
 * Journals may hold HTML, between [code] marks (ServiceNow, rendering journal entries as HTML) or, from portals and e-mail,
 * without them. Only the text is passed on, as lines. The same input always gives the same text. Pure.
 */
export function plainText(text: string): string {
  const words = text.replace(/\[code\]((?:(?!\[code\])[\s\S])*?)(?:\[\/code\]|(?<=>\s*)$)/gi, (_all, html: string) =>
    linesOf(html),
  );
  return (words === text && (WRAPPED.test(text) || BROKEN.test(text)) ? linesOf(text) : words).trim();
}

/** An image leaves a placeholder, so that it is not silently lost. */
function imageIn(mark: string): string {
  const altText = attributeIn(mark, ALT);
  return altText ? `[image: ${altText}]` : '[image]';
}

/** A link leaves its address behind its words, unless they are the address. */
function linkIn(_all: string, mark: string, content: string): string {
  const address = attributeIn(mark, HREF)?.trim() ?? '';
  const words = content.replace(/<[^<>]*>/g, '').trim();
  if (!/^(https?|ftp|mailto|tel):/i.test(address)) return content;
  if (words === '' && !/<img\b/i.test(content)) return address;
  const plain = (text: string) => text.replace(/^(https?:\/\/|mailto:|tel:)/i, '').replace(/\/$/, '');
  return plain(words) === plain(address) ? content : `${content} (${address})`;
}

const ALT = /\balt\s*=\s*("([^"]*)"|'([^']*)')/i;
const HREF = /\bhref\s*=\s*("([^"]*)"|'([^']*)')/i;

function attributeIn(mark: string, attribute: RegExp): string | undefined {
  const [, , inDouble, inSingle] = attribute.exec(mark) ?? [];
  return inDouble ?? inSingle;
}

/** HTML as lines: one for each paragraph, list item and table row. */
function linesOf(html: string): string {
  const shown = html.replace(HIDDEN, '');
  // Where HTML marks its lines, its own line breaks mean nothing.
  const isLaidOut = /<(br|li)\b/i.test(shown) || shown.search(BLOCK) >= 0;
  return (isLaidOut ? shown.replace(/\s+/g, ' ') : shown)
    .replace(LINK, linkIn)
    .replace(/<br\b[^<>]*>|<\/li\s*>/gi, '\n')
    .replace(/<li\b[^<>]*>\s*(?:<p\b[^<>]*>)?/gi, '\n- ')
    .replace(/<\/t[dh]\s*>/gi, ' ')
    .replace(BLOCK, '\n')
    .replace(/<img\b[^<>]*>/gi, imageIn)
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .split('\n')
    .map((line) =>
      decodeHTML(line)
        .replace(/\u00a0/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && line !== '-')
    .join('\n');
}

import { decodeHTML } from '../../bundled/entities.js';

/** What begins a line of its own, and ends it. */
const BLOCK =
  /<\/?(?:address|article|blockquote|body|center|dd|div|dl|dt|footer|form|h[1-6]|header|hr|html|main|ol|p|pre|section|table|tbody|thead|tr|ul)\b[^<>]*>/gi;
/** Is read by machines only. */
const HIDDEN = /<!--[\s\S]*?(?:-->|$)|<(script|style|head|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
/** What has one of these around all of it is HTML: nobody writes so by hand. */
const WRAPPED =
  /^\s*<(p|div|ul|ol|table|html|body|h[1-6]|blockquote|section|article)\b[^<>]*>[\s\S]*<\/(p|div|ul|ol|table|html|body|h[1-6]|blockquote|section|article)>\s*$/i;

/**
 * Journals may hold HTML, between [code] marks (ServiceNow, rendering journal entries as HTML) or, from portals and e-mail, without: only its
 * words travel, as lines. The same text gives the same words whenever it is read. Pure.
 */
export function plainText(text: string): string {
  const words = text.replace(/\[code\]((?:(?!\[code\])[\s\S])*?)(?:\[\/code\]|(?<=>\s*)$)/gi, (_all, html: string) =>
    linesOf(html),
  );
  return (words === text && WRAPPED.test(text) ? linesOf(text) : words).trim();
}

/** A picture is not silently left out. */
function imageIn(mark: string): string {
  const [, , inDouble, inSingle] = /\balt\s*=\s*("([^"]*)"|'([^']*)')/i.exec(mark) ?? [];
  const says = inDouble ?? inSingle;
  return says ? `[image: ${says}]` : '[image]';
}

/** HTML as lines: paragraphs, items of lists and rows of tables one each. */
function linesOf(html: string): string {
  const shown = html.replace(HIDDEN, '');
  // Where HTML has marks for lines, line ends of its own mean nothing.
  const isLaidOut = /<(br|li)\b/i.test(shown) || shown.search(BLOCK) >= 0;
  return (isLaidOut ? shown.replace(/\s+/g, ' ') : shown)
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

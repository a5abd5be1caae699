import { decodeHTML } from '../../bundled/entities.js';

/** Tags that begin and end a line of their own. */
const BLOCK =
  /<\/?(?:address|article|blockquote|body|center|dd|div|dl|dt|footer|form|h[1-6]|header|hr|html|main|ol|p|pre|section|table|tbody|thead|tr|ul)\b[^<>]*>/gi;
/** Elements without visible text. */
const HIDDEN = /<!--[\s\S]*?(?:-->|$)|<(script|style|head|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
/** A text with one of these around all of it is HTML: nobody types that by hand. */
const WRAPPED =
  /^\s*<(p|div|ul|ol|table|html|body|h[1-6]|blockquote|section|article)\b[^<>]*>[\s\S]*<\/(p|div|ul|ol|table|html|body|h[1-6]|blockquote|section|article)>\s*$/i;

/**
 * Journals may hold HTML, between [code] marks (ServiceNow, rendering journal entries as HTML) or, from portals and e-mail,
 * without them. Only the text is passed on, as lines. The same input always gives the same text. Pure.
 */
export function plainText(text: string): string {
  const words = text.replace(/\[code\]((?:(?!\[code\])[\s\S])*?)(?:\[\/code\]|(?<=>\s*)$)/gi, (_all, html: string) =>
    linesOf(html),
  );
  return (words === text && WRAPPED.test(text) ? linesOf(text) : words).trim();
}

/** An image leaves a placeholder, so that it is not silently lost. */
function imageIn(mark: string): string {
  const [, , inDouble, inSingle] = /\balt\s*=\s*("([^"]*)"|'([^']*)')/i.exec(mark) ?? [];
  const altText = inDouble ?? inSingle;
  return altText ? `[image: ${altText}]` : '[image]';
}

/** HTML as lines: one for each paragraph, list item and table row. */
function linesOf(html: string): string {
  const shown = html.replace(HIDDEN, '');
  // Where HTML marks its lines, its own line breaks mean nothing.
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

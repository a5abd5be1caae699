import { mime } from '../bundled/mime.js';

/** What senders name that do not know the type. */
export const ANY_BYTES = 'application/octet-stream';
/** What servers name for types that they do not know, and for what a browser is to save. */
const UNSPECIFIC: readonly string[] = [
  ANY_BYTES,
  'binary/octet-stream',
  'application/download',
  'application/force-download',
  'application/x-download',
  'text/plain',
];
/** In types of the same kind, such as `text/csv` and `text/markdown`, the last ones may be programs. */
const KIND = /^(text|image|audio|video)\//;
const MAY_RUN = /html|script|svg/;
/** Types of files that are zip archives inside. */
const ZIPPED = /openxmlformats|opendocument|\+zip$/;

/** Whether the media type that an answer names, '' for none, tells nothing about a file. */
export function saysNothing(media: string): boolean {
  return media === '' || UNSPECIFIC.includes(media);
}

/**
 * Whether a media type is one that servers name for files with an extension: its own in any notation (`text/json`,
 * `application/x-pdf`), a more general one (XML for SVG, zip for DOCX), or another one of the same kind. Pure.
 */
export function isTypeOf(extension: string, media: string): boolean {
  const own = mime.getType(extension);
  const [kind = '', notation = ''] = media.split('/');
  const subtype = notation.replace(/^x-/, '');
  if (subtype === extension || [media, `${kind}/${subtype}`].some((one) => mime.getAllExtensions(one)?.has(extension)))
    return true;
  // Neither is known: they may belong together.
  if (own === null) return extension !== '' && mime.getAllExtensions(media) === null;
  if (own.endsWith(`+${subtype}`) || (subtype === 'zip' && ZIPPED.test(own))) return true;
  return KIND.test(media) && own.startsWith(`${kind}/`) && !MAY_RUN.test(media);
}

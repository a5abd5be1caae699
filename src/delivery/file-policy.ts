import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';
import { FileError } from './file-error.js';
import { extensionOf, safeFileName, safeMediaType } from './file-name.js';

/** Which types of files pass: all of them, only the listed ones, or all others. */
export const FILE_RULES = ['all', 'only', 'except'] as const;
export type FileRule = (typeof FILE_RULES)[number];

/** What files one party may send and get: one that goes from a party to another has to pass the policies of both. */
export interface FilePolicy {
  rule: FileRule;
  /** Extensions (`pdf`) and media types (`image/png`, `image/*`), in lower case. */
  types: readonly string[];
  /** Bytes. */
  largest: number;
  /** Characters of a name; longer ones are shortened. */
  longestName: number;
}

const MEGABYTE = 1024 ** 2;

export const DEFAULT_FILE_POLICY: FilePolicy = { rule: 'all', types: [], largest: 250 * MEGABYTE, longestName: 200 };

/** A list of types as people type it: `pdf, .PNG image/*`. Pure. */
export function fileTypes(text: string): string[] {
  const entries = text.toLowerCase().split(/[\s,;]+/);
  return entries.map((entry) => entry.replace(/^\*?\./, '')).filter(Boolean);
}

/** An attachment with a name and a media type that are safe to pass on. Pure. */
export function asPassedOn<A extends GenericAttachment>(attachment: A, { longestName }: FilePolicy): A {
  const { name, mimeType } = attachment;
  return { ...attachment, name: safeFileName(name, longestName), mimeType: safeMediaType(mimeType) };
}

/**
 * Throws FileError where a party's policy does not let a file pass, by what is known of it before it is fetched. `party`: its name.
 */
export function requireAllowed(file: GenericAttachment, { rule, types, largest }: FilePolicy, party: string): void {
  const extension = extensionOf(file.name);
  const media = (file.mimeType.split(';')[0] ?? '').trim().toLowerCase();
  const byExtension = types.filter((type) => !type.includes('/'));
  const byMedia = types.filter((type) => type.includes('/'));
  const hasExtension = byExtension.includes(extension);
  const hasMedia = byMedia.some((type) => type === media || (type.endsWith('/*') && media.startsWith(type.slice(0, -1))));
  // Both are only claimed: the name decides what opens a file, so a listed media type does not make up for its extension.
  const isListed =
    rule === 'only'
      ? (byExtension.length === 0 || hasExtension) && (byMedia.length === 0 || hasMedia) && types.length > 0
      : hasExtension || hasMedia;
  if ((rule === 'only' && !isListed) || (rule === 'except' && isListed)) {
    const type = [extension && `.${extension}`, media].filter(Boolean).join(', ') || say`unknown`;
    throw new FileError(
      'SWB_FILE_REFUSED',
      say`The file ${file.name} is not passed on: the settings of ${party} do not allow its type (${type}).`,
      { hint: changeOrSkip() },
    );
  }
  if (file.size !== undefined && file.size > largest) throw fileTooLarge(file, largest, party);
}

/** A file has more bytes than a party's policy allows. */
export function fileTooLarge({ name }: GenericAttachment, largest: number, party: string): FileError {
  const megabytes = Math.round((largest / MEGABYTE) * 10) / 10;
  return new FileError(
    'SWB_TOO_LARGE',
    say`The file ${name} is not passed on: it is larger than ${megabytes} MB, the most that the settings of ${party} allow.`,
    { hint: changeOrSkip() },
  );
}

function changeOrSkip(): string {
  return say`Send the file another way and skip it, or change the attachment settings of the endpoint, deploy and replay it.`;
}

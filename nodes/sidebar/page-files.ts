import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_LANGUAGE = 'en-US';
const TYPES = { 'page.html': 'text/html', 'page.js': 'text/javascript', 'page.css': 'text/css' };

export type PageFile = keyof typeof TYPES;

/** The files of the page. They contain no data: the page fetches it with the access token of the editor's session. */
export function pageFile(name: PageFile): { type: string; text: string } {
  return { type: `${TYPES[name]}; charset=utf-8`, text: readFileSync(join(__dirname, 'page', name), 'utf8') };
}

/** Labels in the first available language; `de` is used for `de-AT`. Missing labels are in English. */
export function pageLabels(languages: string[]): Labels {
  const known = readdirSync(join(__dirname, 'locales'));
  const wanted = languages.flatMap((language) => known.filter((have) => have === language || have === language.split('-')[0]));
  return merged(labels(DEFAULT_LANGUAGE), labels(wanted[0] ?? DEFAULT_LANGUAGE));
}

type Labels = { [key: string]: string | Labels };

function labels(language: string): Labels {
  return JSON.parse(readFileSync(join(__dirname, 'locales', language, 'sidebar.json'), 'utf8')) as Labels;
}

function merged(base: Labels, over: Labels): Labels {
  const entries = Object.entries(over).map(([key, value]) => {
    const below = base[key];
    return [key, typeof value === 'object' && typeof below === 'object' ? merged(below, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}

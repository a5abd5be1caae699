import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT_LANGUAGE = 'en-US';
const TYPES = { 'page.html': 'text/html', 'page.js': 'text/javascript', 'page.css': 'text/css' };

export type PageFile = keyof typeof TYPES;

/** The full page's files. They hold no data: the page fetches that with the token of the editor's session. */
export function pageFile(name: PageFile): { type: string; text: string } {
  return { type: `${TYPES[name]}; charset=utf-8`, text: readFileSync(join(__dirname, 'page', name), 'utf8') };
}

/** Labels in the first of the languages that we have; `de` does for `de-AT`. What is not translated yet is in the default language. */
export function pageLabels(languages: string[]): unknown {
  const known = readdirSync(join(__dirname, 'locales'));
  const wanted = languages.flatMap((language) => known.filter((have) => have === language || have === language.split('-')[0]));
  return over(labelsIn(DEFAULT_LANGUAGE), labelsIn(wanted[0] ?? DEFAULT_LANGUAGE));
}

type Labels = { [key: string]: string | Labels };

function labelsIn(language: string): Labels {
  return JSON.parse(readFileSync(join(__dirname, 'locales', language, 'sidebar.json'), 'utf8')) as Labels;
}

function over(base: Labels, more: Labels): Labels {
  const all: Labels = { ...base };
  for (const [key, value] of Object.entries(more)) {
    const below = all[key];
    all[key] = typeof value === 'object' && typeof below === 'object' ? over(below, value) : value;
  }
  return all;
}

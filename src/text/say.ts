import de from './de.json';

/** Translations by the English text, in which `{0}`, `{1}` … stand for what is filled in. */
type Catalog = Readonly<Record<string, string>>;

const CATALOGS: Readonly<Record<string, Catalog>> = { de };

let catalog: Catalog = {};

/**
 * The language of all texts that the runtime makes from now on: errors, node status, what the views show as a reason. English where there is no catalog.
 * One for the process, as Node-RED's own messages are; labels, which the editor makes, are in the language of each person.
 */
export function useLanguage(language: string): void {
  catalog = CATALOGS[language] ?? CATALOGS[language.split('-')[0] ?? ''] ?? {};
}

/** A text for people in the language of the runtime; texts without a translation are in English. A test keeps the catalogs complete. */
export function say(parts: TemplateStringsArray, ...values: readonly (string | number | undefined)[]): string {
  const english = parts.reduce((text, part, at) => `${text}{${at - 1}}${part}`);
  const template = catalog[english] ?? english;
  return template.replace(/\{(\d+)\}/g, (_, at: string) => String(values[Number(at)] ?? ''));
}

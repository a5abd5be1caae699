import de from './de.json';

/** Translations by English text, with the placeholders `{0}`, `{1}` … for values. */
type Catalog = Readonly<Record<string, string>>;

const CATALOGS: Readonly<Record<string, Catalog>> = { de };

let catalog: Catalog = {};

/**
 * Sets the language of all runtime texts: errors, node status, reasons shown in the views. English if there is no catalog.
 * There is one language per process, as for Node-RED's own messages; the editor shows labels in each user's language.
 */
export function useLanguage(language: string): void {
  catalog = CATALOGS[language] ?? CATALOGS[language.split('-')[0] ?? ''] ?? {};
}

/**
 * Tags a text for users: returns it in the language of the runtime, or in English if it is not translated. A test checks that the
 * catalogs are complete.
 */
export function say(parts: TemplateStringsArray, ...values: readonly (string | number | undefined)[]): string {
  let template = templates.get(parts);
  if (template?.catalog !== catalog) {
    template = templateOf(parts);
    templates.set(parts, template);
  }
  let text = template.texts[0]!;
  for (const [i, at] of template.order.entries()) text += String(values[at] ?? '') + template.texts[i + 1]!;
  return text;
}

/** A text in the language of the runtime: the texts between its values, and which value follows each. */
interface Template {
  catalog: Catalog;
  texts: string[];
  order: number[];
}

/** By the place in the code. */
const templates = new WeakMap<TemplateStringsArray, Template>();

function templateOf(parts: TemplateStringsArray): Template {
  const english = parts.reduce((text, part, at) => `${text}{${at - 1}}${part}`);
  const pieces = (catalog[english] ?? english).split(/\{(\d+)\}/);
  return {
    catalog,
    texts: pieces.filter((_, at) => at % 2 === 0),
    order: pieces.filter((_, at) => at % 2 === 1).map(Number),
  };
}

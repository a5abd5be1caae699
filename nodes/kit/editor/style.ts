import css from './kit.css';

const ID = 'switchboard-kit-style';

/**
 * Adds a style sheet to the page once. Each node's script contains it, because any node set may be disabled. It is a constructed
 * style sheet, because our pages' content security policy forbids style elements.
 */
export function addStyle(id = ID, text: string = css): void {
  const root = document.documentElement;
  if (root.hasAttribute(`data-${id}`)) return;
  root.setAttribute(`data-${id}`, '');
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

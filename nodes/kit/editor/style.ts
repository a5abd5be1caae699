import css from './kit.css';

const ID = 'switchboard-kit-style';

/**
 * Each node's script carries the style sheet, because any of them may be switched off; the page needs it once. As a sheet that a script made,
 * because our pages' content security policy forbids style elements.
 */
export function addStyle(id = ID, text: string = css): void {
  const root = document.documentElement;
  if (root.hasAttribute(`data-${id}`)) return;
  root.setAttribute(`data-${id}`, '');
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

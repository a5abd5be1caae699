import css from './kit.css';

const ID = 'switchboard-kit-style';

/** Each node's script carries the style sheet, because any of them may be switched off; the page needs it once. */
export function addStyle(id = ID, text: string = css): void {
  if (document.getElementById(id)) return;
  const style = document.createElement('style');
  style.id = id;
  style.textContent = text;
  document.head.append(style);
}

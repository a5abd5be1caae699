type Child = Node | string | undefined | false;

/** Makes an element. Texts become text nodes, never markup: a ticket is hostile input. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    // A style attribute counts as inline style, which our pages' content security policy forbids; a style that a script sets does not.
    if (name === 'style') made.style.cssText = String(value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter(isThere));
  return made;
}

/** Gives an element other children. */
export function fill(parent: HTMLElement, ...children: Child[]): void {
  parent.replaceChildren(...children.filter(isThere));
}

function isThere(child: Child): child is Node | string {
  return child !== undefined && child !== false && child !== '';
}

export function button(label: string, className: string, press: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: className }, label);
  made.addEventListener('click', press);
  return made;
}

type Child = Node | string | undefined | false;

/** Creates an element. Texts become text nodes, never markup: tickets are untrusted input. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    // Our pages' content security policy forbids style attributes, but allows styles set by a script.
    if (name === 'style') created.style.cssText = String(value);
    else created.setAttribute(name, value === true ? '' : value);
  }
  created.append(...children.filter(isPresent));
  return created;
}

/** Replaces the children of an element. */
export function fill(parent: HTMLElement, ...children: Child[]): void {
  parent.replaceChildren(...children.filter(isPresent));
}

function isPresent(child: Child): child is Node | string {
  return child !== undefined && child !== false && child !== '';
}

export function button(label: string, className: string, press: () => void): HTMLButtonElement {
  const created = element('button', { type: 'button', class: className }, label);
  created.addEventListener('click', press);
  return created;
}

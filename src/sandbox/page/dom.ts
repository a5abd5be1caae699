type Child = Node | string | undefined | false;
type Properties = Record<string, string | boolean | ((event: Event) => void) | undefined>;

/** Creates an element. Strings become text nodes only: text from partners is never parsed as HTML. */
export function h(tag: string, properties: Properties = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** A labelled field of a form. */
export function field(label: string, control: HTMLElement): HTMLElement {
  return h('label', {}, label, control);
}

export function select(name: string, options: [value: string, label: string][], chosen?: string): HTMLSelectElement {
  const list = options.map(([value, label]) => h('option', { value, selected: value === chosen }, label));
  return h('select', { name }, ...list) as HTMLSelectElement;
}

/** The values of a form by field name. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') values[name] = value;
  return values;
}

/** The bytes of a chosen file in base64. */
export async function base64(file: File): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(',') + 1);
}
